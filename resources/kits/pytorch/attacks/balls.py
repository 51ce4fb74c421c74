"""Geometry of L2 and Linf balls round images in [0, 1]. Arrays are (m, ...shape), radii (m) or one number."""

import numpy as np


def lengths(values, norm):
    """The norms of rows, (m)."""
    flat = values.reshape(len(values), -1)
    return np.abs(flat).max(1) if norm == "linf" else np.sqrt((flat.astype("float64") ** 2).sum(1))


def per_row(values, like):
    """One number per row, (m) or a single one, so that it multiplies arrays of the shape of `like`."""
    values = np.broadcast_to(np.asarray(values, "float32"), (len(like),))
    return values.reshape((-1,) + (1,) * (like.ndim - 1))


def project(points, centres, radii, norm):
    """The points moved into the balls and into [0, 1]. A centre lies in [0, 1], so that the second leaves no
    difference larger."""
    delta = points - centres
    radii = per_row(radii, delta)
    if norm == "linf":
        delta = np.clip(delta, -radii, radii)
    else:
        delta = delta * np.minimum(1, radii / per_row(np.maximum(lengths(delta, norm), 1e-12), delta))
    return np.clip(centres + delta, 0, 1).astype("float32")


def steepest(gradient, norm):
    """The direction of length 1 along which the gradient rises most; zeros where it is zero."""
    if norm == "linf":
        return np.sign(gradient)
    return gradient / per_row(np.maximum(lengths(gradient, norm), 1e-12), gradient)


def random_start(centres, radii, norm, generators):
    """Points in the balls, each drawn from the generator of its row: uniform for Linf; for L2 a uniform
    direction, as long as the radius."""
    if norm == "linf":
        noise = np.stack([g.uniform(-1, 1, centres.shape[1:]) for g in generators])
    else:
        noise = np.stack([g.standard_normal(centres.shape[1:]) for g in generators])
        noise = steepest(noise, norm)
    return project(centres + per_row(radii, noise) * noise, centres, radii, norm)
