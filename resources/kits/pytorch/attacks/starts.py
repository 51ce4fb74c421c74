"""Adversarials far away, from which attacks along the boundary start.

Foolbox' own search ends the attack on a whole batch when it fails for one sample of it.
"""

import numpy as np

DRAWS = 25
BISECTIONS = 10


def starting_points(oracle, ask):
    """A starting point for each sample that one is found for: a dictionary from row to float32 (...shape).

    Uniform noise of the sample's own; failing that a uniform image, black to white; failing that the closest
    sample of the batch that is of another class. Then as close to the sample as halving the way allows. `ask` is
    oracle.logits or oracle.predict. Queries for each sample: 10 to 45.
    """
    generators = [np.random.default_rng(seed) for seed in oracle.task.seeds]
    found = {}
    for _ in range(DRAWS):
        missing = _missing(oracle, found)
        if not len(missing):
            break
        shape = oracle.x.shape[1:]
        _try(oracle, ask, found, missing, [generators[i].random(shape) for i in missing])
    for value in (0, 1, 0.25, 0.5, 0.75):
        missing = _missing(oracle, found)
        _try(oracle, ask, found, missing, np.full((len(missing),) + oracle.x.shape[1:], value))
    others = [(i, _closest_other(oracle, i)) for i in _missing(oracle, found)]
    others = [(i, other) for i, other in others if other is not None]
    _try(oracle, ask, found, [i for i, _ in others], [oracle.x[other] for _, other in others])
    return _approach(oracle, ask, found)


def _missing(oracle, found):
    return [i for i in range(oracle.count) if i not in found]


def _try(oracle, ask, found, rows, points):
    if len(rows) == 0:
        return
    points = np.asarray(points, "float32")
    for i, point, wrong in zip(rows, points, _is_wrong(oracle, ask, points, np.array(rows))):
        if wrong:
            found[i] = point


def _is_wrong(oracle, ask, points, rows):
    answer = ask(points, rows)
    if answer.ndim == 2:
        return oracle.is_wrong(answer, rows)
    return (answer >= 0) & (answer != oracle.labels[rows])


def _closest_other(oracle, i):
    others = np.flatnonzero(oracle.labels != oracle.labels[i])
    if not len(others):
        return None
    differences = (oracle.x[others] - oracle.x[i]).reshape(len(others), -1)
    return others[np.linalg.norm(differences, axis=1).argmin()]


def _approach(oracle, ask, found):
    rows = np.array(sorted(found), "int64")
    if not len(rows):
        return {}
    clean = oracle.x[rows]
    far = np.stack([found[i] for i in rows])
    near, share = np.zeros(len(rows), "float32"), np.ones(len(rows), "float32")
    best = far.copy()
    for _ in range(BISECTIONS):
        middle = (near + share) / 2
        points = clean + middle.reshape((-1,) + (1,) * (clean.ndim - 1)) * (far - clean)
        wrong = _is_wrong(oracle, ask, points, rows)
        best[wrong] = points[wrong]
        share = np.where(wrong, middle, share)
        near = np.where(wrong, near, middle)
    return dict(zip(rows.tolist(), best))
