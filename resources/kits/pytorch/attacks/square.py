"""The square attack: random squares that raise the margin loss; it sees scores and no gradients."""

import numpy as np

from balls import project
from losses import margin
from options import radius, whole
from oracle import Oracle

# Shares of the steps after which the squares' area is halved: 10, 50, 200, ... of 10,000 (section 4.1).
HALVINGS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
FIRST_SHARE = 0.8


def square_linf(task):
    """The square attack for Linf (Andriushchenko et al. 2020, arXiv:1912.00049) at a fixed epsilon.
    Queries: steps + 1 at most."""
    oracle = Oracle(task, "linf")
    square(oracle, oracle.all_rows(), radius(task), "linf", whole(task, "steps", 900))
    return oracle.result()


def square(oracle, rows, epsilon, norm, steps):
    """Attacks the samples `rows`, images (channels, height, width), in balls of radius epsilon. Returns which
    were fooled, bool (m). Each sample draws from a generator of its own seed."""
    generators = [np.random.default_rng(oracle.task.seeds[i]) for i in rows]
    centres = oracle.x[rows]
    begin = stripes if norm == "linf" else tiles
    first = [begin(centre, epsilon, generator) for centre, generator in zip(centres, generators)]
    best = project(np.stack(first), centres, epsilon, norm) if len(rows) else centres
    fooled, ended = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    values = np.full(len(rows), -np.inf)

    def look(which, points):
        z = oracle.logits(points, rows[which])
        fooled[which] = oracle.is_wrong(z, rows[which])
        ended[which] = fooled[which] | np.isnan(z).any(1)
        new, _ = margin(z, oracle.labels[rows[which]])
        better = new > values[which]
        values[which[better]] = new[better]
        best[which[better]] = points[better]

    look(np.arange(len(rows)), best)
    move = move_linf if norm == "linf" else move_l2
    for k in range(steps):
        which = np.flatnonzero(~ended)
        if not len(which):
            break
        side = _side(centres.shape, k / steps)
        moved = [move(best[i], centres[i], epsilon, side, generators[i]) for i in which]
        look(which, project(np.stack(moved), centres[which], epsilon, norm))
    return fooled


def stripes(centre, epsilon, random):
    """The start of section 4.2: vertical stripes, one pixel wide, of +-epsilon in each channel."""
    channels, _, width = centre.shape
    return centre + epsilon * random.choice([-1.0, 1.0], (channels, 1, width))


def move_linf(point, centre, epsilon, side, random):
    """A square whose channels become the centre's +-epsilon (algorithm 2)."""
    channels, height, width = centre.shape
    top, left = random.integers(height - side + 1), random.integers(width - side + 1)
    moved = point.copy()
    window = (slice(None), slice(top, top + side), slice(left, left + side))
    moved[window] = centre[window] + epsilon * random.choice([-1.0, 1.0], (channels, 1, 1))
    return moved


def bump(height, width):
    """The shape of section 4.3, equation (2), for one half of a square: pyramids whose slopes fall from the
    middle like a sum of inverse squares. (height, width), not normalised."""
    n = height // 2
    r = np.abs(np.arange(height) - n)[:, np.newaxis]
    # The middle of the half, as the same distance along its shorter side.
    s = np.abs(np.arange(width) - width // 2)[np.newaxis, :]
    depth = n - np.maximum(r, s)
    sums = np.concatenate([[0.0], np.cumsum(1.0 / (n + 1 - np.arange(n + 1)) ** 2)])
    return sums[np.maximum(depth + 1, 0)]


def bumps(side, random):
    """Two bumps of opposite signs side by side or one above the other, (side, side), of L2 norm 1."""
    half = side // 2
    result = np.concatenate([bump(side, half), -bump(side, side - half)], 1)
    if random.random() < 0.5:
        result = result.T
    return result / max(np.linalg.norm(result), 1e-12)


def tiles(centre, epsilon, random):
    """The start of section 4.3: a grid of 5 by 5 bumps of random signs, together as long as epsilon."""
    channels, height, width = centre.shape
    side = max(min(height, width) // 5, 1)
    delta = np.zeros(centre.shape)
    for top in range(0, height - side + 1, side):
        for left in range(0, width - side + 1, side):
            signs = random.choice([-1.0, 1.0], (channels, 1, 1))
            delta[:, top : top + side, left : left + side] = signs * bumps(side, random)
    return centre + epsilon * delta / max(np.linalg.norm(delta), 1e-12)


def move_l2(point, centre, epsilon, side, random):
    """What one square has of the perturbation goes into bumps in another (algorithm 3)."""
    channels, height, width = centre.shape
    delta = (point - centre).astype("float64")
    spare = max(epsilon**2 - (delta**2).sum(), 0)
    corners = [
        (random.integers(height - side + 1), random.integers(width - side + 1)) for _ in range(2)
    ]
    to, source = [
        (slice(None), slice(top, top + side), slice(left, left + side)) for top, left in corners
    ]
    union = np.zeros(centre.shape, bool)
    union[to] = union[source] = True
    budget = np.sqrt((np.where(union, delta, 0) ** 2).sum((1, 2)) + spare / channels)
    old = delta[to] / max(np.linalg.norm(delta[to]), 1e-12)
    new = random.choice([-1.0, 1.0], (channels, 1, 1)) * bumps(side, random) + old
    new_lengths = np.sqrt((new**2).sum((1, 2)))
    delta[source] = 0
    delta[to] = new * (budget / np.maximum(new_lengths, 1e-12))[:, np.newaxis, np.newaxis]
    # What clipping took is given back: the whole is as long as it may be.
    return centre + delta * (epsilon / max(np.linalg.norm(delta), 1e-12))


def _side(shape, done):
    """The side of the squares after a share of the steps, in pixels; those of L2 need three."""
    _, _, height, width = shape
    share = FIRST_SHARE / 2 ** sum(done >= halving for halving in HALVINGS)
    side = int(round(np.sqrt(share * height * width)))
    return max(1, min(side, height, width))
