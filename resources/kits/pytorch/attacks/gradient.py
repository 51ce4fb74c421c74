"""The fast gradient method and projected gradient ascent. The smallest distance is looked for by one radius for
each sample, which attacks of Foolbox with a fixed epsilon do not have."""

import numpy as np

from balls import per_row, project, random_start, steepest
from losses import cross_entropy
from options import number, radius, whole
from oracle import Oracle


def fgm(task):
    """One step along the gradient of the cross-entropy (Goodfellow et al. 2015, arXiv:1412.6572), scaled to L2;
    its length by a search and bisection. Queries: lengths + bisections + 2 at most."""
    oracle = Oracle(task)
    rows = oracle.all_rows()
    _, d = cross_entropy(oracle.logits(oracle.x, rows), oracle.labels)
    direction = steepest(oracle.vjp(oracle.x, np.nan_to_num(d), rows), "l2")

    def is_fooled(radii, rows):
        points = np.clip(oracle.x[rows] + per_row(radii, direction[rows]) * direction[rows], 0, 1)
        return oracle.is_wrong(oracle.logits(points, rows), rows)

    lengths = whole(task, "lengths", 40)
    longest = np.sqrt(np.prod(task.shape))
    grid = longest * (np.arange(1, lengths + 1) / lengths) ** 2
    _search(oracle, is_fooled, grid, whole(task, "bisections", 10))
    return oracle.result()


def pgd_l2(task):
    """Projected gradient ascent on the cross-entropy in an L2 ball (Madry et al. 2018, arXiv:1706.06083), whose
    radius is doubled until the sample is fooled and then halved towards the smallest.

    Queries: 2 * steps * (doublings + bisections) at most.
    """
    oracle = Oracle(task)
    steps = whole(task, "steps", 20)

    def is_fooled(radii, rows):
        return _ascend(oracle, rows, oracle.x[rows], radii, steps, "l2")

    grid = number(task, "first_radius", 0.125) * 2.0 ** np.arange(whole(task, "doublings", 9))
    _search(oracle, is_fooled, grid, whole(task, "bisections", 8))
    return oracle.result()


def pgd_linf(task):
    """Projected gradient ascent in a Linf ball of a fixed epsilon, from a random point of it.
    Queries: 2 * steps * restarts at most."""
    oracle = Oracle(task, "linf")
    epsilon = radius(task)
    generators = [np.random.default_rng(seed) for seed in task.seeds]
    rows = oracle.all_rows()
    for _ in range(whole(task, "restarts", 1)):
        start = random_start(oracle.x[rows], epsilon, "linf", [generators[i] for i in rows])
        radii = np.full(len(rows), epsilon)
        rows = rows[~_ascend(oracle, rows, start, radii, whole(task, "steps", 40), "linf")]
        if not len(rows):
            break
    return oracle.result()


def _ascend(oracle, rows, points, radii, steps, norm):
    """Climbs from `points` in balls round the samples `rows`; which of them were fooled. Steps are 2.5 * radius /
    steps (Madry et al. 2018). A sample that is fooled climbs no further."""
    fooled = np.zeros(len(rows), bool)
    points = points.copy()
    for _ in range(steps):
        active = np.flatnonzero(~fooled)
        if not len(active):
            break
        at, who = points[active], rows[active]
        z = oracle.logits(at, who)
        fooled[active] = oracle.is_wrong(z, who)
        climbing = ~fooled[active] & ~np.isnan(z).any(1)
        if not climbing.any():
            break
        active, at, who = active[climbing], at[climbing], who[climbing]
        _, d = cross_entropy(z[climbing], oracle.labels[who])
        direction = steepest(oracle.vjp(at, d, who), norm)
        moved = at + per_row(2.5 * radii[active] / steps, at) * direction
        points[active] = project(moved, oracle.x[who], radii[active], norm)
    active = np.flatnonzero(~fooled)
    fooled[active] = oracle.is_wrong(oracle.logits(points[active], rows[active]), rows[active])
    return fooled


def _search(oracle, is_fooled, grid, bisections):
    """Tries the radii of `grid`, rising, until each sample is fooled; then halves the way back to the one
    before, or to nearer than the oracle has seen."""
    near = np.zeros(oracle.count)
    far = np.full(oracle.count, np.inf)
    for value in grid:
        rows = np.flatnonzero(np.isinf(far))
        if not len(rows):
            break
        fooled = is_fooled(np.full(len(rows), value), rows)
        far[rows[fooled]] = value
        near[rows[~fooled]] = value
    for _ in range(bisections):
        rows = np.flatnonzero(np.isfinite(far))
        if not len(rows):
            break
        far[rows] = np.minimum(far[rows], oracle.distances[rows])
        middle = (near[rows] + far[rows]) / 2
        fooled = is_fooled(middle, rows)
        far[rows[fooled]] = middle[fooled]
        near[rows[~fooled]] = middle[~fooled]
