"""AutoAttack (Croce and Hein 2020, arXiv:2003.01690) at a fixed epsilon: APGD on the cross-entropy, APGD on the
targeted difference of logits ratio, and the square attack, each on what those before it left.

Our own, from the papers. FAB, the third of the original's four, is left out: of minimal-norm attacks this
pack has others.
"""

import numpy as np

from apgd import auto_pgd
from balls import random_start
from losses import cross_entropy, targeted_dlr, targeted_margin
from options import radius, whole
from oracle import Oracle
from square import square


def linf(task):
    """AutoAttack for Linf. Queries: (2 * steps + 1) * (1 + targets) + squares + 1 at most, and one more."""
    return _attack(task, "linf")


def l2(task):
    """AutoAttack for L2. Queries as for Linf."""
    return _attack(task, "l2")


def _attack(task, norm):
    oracle = Oracle(task, norm)
    epsilon, steps = radius(task), whole(task, "steps", 100)
    generators = [np.random.default_rng(seed) for seed in task.seeds]

    def ascend(rows, loss):
        start = random_start(oracle.x[rows], epsilon, norm, [generators[i] for i in rows])
        return rows[~auto_pgd(oracle, rows, start, epsilon, norm, loss, steps)]

    left = oracle.all_rows()
    left = ascend(left, lambda z, rows: cross_entropy(z, oracle.labels[rows]))
    print("APGD-CE left %d of %d samples" % (len(left), oracle.count), flush=True)
    if len(left):
        # Targets are the likeliest other classes of the clean sample.
        z = np.nan_to_num(oracle.logits(oracle.x[left], left))
        ranks = _other_classes(z, oracle.labels[left])
        order = np.zeros((oracle.count, ranks.shape[1]), int)
        order[left] = ranks
        targeted = targeted_dlr if task.classes >= 4 else targeted_margin
        for k in range(min(whole(task, "targets", 9), task.classes - 1)):
            if not len(left):
                break
            left = ascend(left, lambda z, rows: targeted(z, oracle.labels[rows], order[rows, k]))
        print("APGD-T left %d of %d samples" % (len(left), oracle.count), flush=True)
    if len(left):
        left = left[~square(oracle, left, epsilon, norm, whole(task, "squares", 5000))]
        print("Square left %d of %d samples" % (len(left), oracle.count), flush=True)
    return oracle.result()


def _other_classes(z, labels):
    """For each row the classes other than its label by falling logit: int (m, classes - 1)."""
    others = z.astype("float64")
    others[np.arange(len(z)), labels] = -np.inf
    return np.argsort(others, 1, kind="stable")[:, ::-1][:, : z.shape[1] - 1]
