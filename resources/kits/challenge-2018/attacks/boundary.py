"""A walk along the decision boundary (after Brendel et al., arXiv:1712.04248): from noise that fools the
model, small steps around the clean image and towards it, which are kept while they fool."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from challenge import attack_all

tries = 40
bisections = 10
walk = 800


def attack(image, fools, random):
    """At most tries + bisections + walk queries; it ends earlier where the quota does."""
    clean = image.astype(float)

    def rounded(point):
        return np.rint(point).clip(0, 255).astype(np.uint8)

    start = first(image, fools, random)
    if start is None:
        return
    # From a random image to the boundary on the way to the clean one.
    near, far = 0.0, 1.0
    for _ in range(bisections):
        middle = (near + far) / 2
        if fools(rounded(clean + middle * (start - clean))):
            far = middle
        else:
            near = middle
    point = rounded(clean + far * (start - clean)).astype(float)
    around, towards = 0.1, 0.05
    for _ in range(walk):
        difference = point - clean
        distance = np.linalg.norm(difference)
        if distance == 0:
            return
        step = random.standard_normal(image.shape)
        step -= difference * (step * difference).sum() / distance**2
        tried = difference + step * around * distance / np.linalg.norm(step)
        tried *= (1 - towards) * distance / np.linalg.norm(tried)
        tried = rounded(clean + tried)
        # Kept so that about every other step holds.
        if fools(tried):
            point = tried.astype(float)
            towards = min(towards * 1.2, 0.5)
            around = min(around * 1.05, 0.5)
        else:
            towards = max(towards * 0.85, 1e-3)
            around = max(around * 0.97, 1e-3)


def first(image, fools, random):
    """An image far away that fools the model, or None."""
    for index in range(tries):
        tried = random.integers(0, 256, image.shape).astype(np.uint8)
        if index % 2 == 1:
            tried[:] = random.integers(0, 256, image.shape[2])
        if fools(tried):
            return tried.astype(float)
    return None


attack_all(attack)
