"""Auto-PGD: projected gradient ascent whose step length finds itself."""

import numpy as np

from balls import per_row, project, steepest

MOMENTUM = 0.75
# A step length stays as long as this share of its steps raised the loss.
SHARE_OF_INCREASES = 0.75


def checkpoints(steps):
    """The steps after which the length is looked at (Croce and Hein 2020, section 3.1): at shares p_0 = 0,
    p_1 = 0.22, p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06) of all steps."""
    # In hundredths, for whole numbers round nowhere.
    before, share, result = 0, 22, []
    while share <= 100:
        result.append(-(-share * steps // 100))
        before, share = share, share + max(share - before - 3, 6)
    return result


def auto_pgd(oracle, rows, start, epsilon, norm, loss, steps):
    """Auto-PGD (Croce and Hein 2020, arXiv:2003.01690, algorithm 1) from `start`, (m, ...shape), in balls of
    radius epsilon round samples `rows`. Returns which were fooled, bool (m).

    `loss(z, rows)` gives losses and gradients by the logits z as those in losses.py. A sample that is fooled, or
    whose budget is spent, is asked about no more. Queries: 2 * steps + 1 at most.
    """
    count = len(rows)
    fooled, ended = np.zeros(count, bool), np.zeros(count, bool)
    x = start.astype("float32").copy()
    before = x.copy()
    best = x.copy()
    values, best_value = np.full(count, -np.inf), np.full(count, -np.inf)
    gradient, best_gradient = np.zeros_like(x), np.zeros_like(x)
    length = np.full(count, 2.0 * epsilon)
    increases = np.zeros(count, int)
    # What a checkpoint compares with: length and best value at the one before.
    length_then, value_then = length.copy(), best_value.copy()

    def look(which, wants_gradient=True):
        """Asks about x of the rows `which`, and keeps what is best."""
        z = oracle.logits(x[which], rows[which])
        fooled[which] = oracle.is_wrong(z, rows[which])
        ended[which] = fooled[which] | np.isnan(z).any(1)
        going = ~ended[which]
        which, z = which[going], z[going]
        if not len(which):
            return
        new, d = loss(z, rows[which])
        increases[which] += new > values[which]
        values[which] = new
        if wants_gradient:
            gradient[which] = oracle.vjp(x[which], d, rows[which])
        better = which[new > best_value[which]]
        best[better], best_value[better] = x[better], values[better]
        best_gradient[better] = gradient[better]

    look(np.arange(count))
    increases[:] = 0
    value_then = best_value.copy()
    marks, last_mark = checkpoints(steps), 0
    for k in range(1, steps + 1):
        which = np.flatnonzero(~ended)
        if not len(which):
            break
        at, centres = x[which], oracle.x[rows[which]]
        step = per_row(length[which], at) * steepest(gradient[which], norm)
        ahead = project(at + step, centres, epsilon, norm)
        if k > 1:
            # The momentum of algorithm 1, line 7; the first step has nothing before it.
            ahead = at + MOMENTUM * (ahead - at) + (1 - MOMENTUM) * (at - before[which])
            ahead = project(ahead, centres, epsilon, norm)
        before[which] = at
        x[which] = ahead
        look(which, wants_gradient=k < steps)
        if k in marks:
            too_few = increases < SHARE_OF_INCREASES * (k - last_mark)
            stuck = (length == length_then) & (best_value == value_then)
            halved = np.flatnonzero((too_few | stuck) & ~ended)
            length_then, value_then = length.copy(), best_value.copy()
            length[halved] /= 2
            x[halved], gradient[halved] = best[halved], best_gradient[halved]
            before[halved] = best[halved]
            values[halved] = best_value[halved]
            increases[:] = 0
            last_mark = k
    return fooled
