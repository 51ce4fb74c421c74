"""Losses that an attack makes large, and their gradients by the logits.

Each takes z, float (m, classes), and labels, int (m), and returns the losses (m) and the gradients (m, classes),
in float64. Where z is NaN, as with a budget spent, both are NaN.
"""

import numpy as np


def cross_entropy(z, labels):
    """-log softmax(z)[label]."""
    z = z.astype("float64")
    rows = np.arange(len(z))
    shifted = z - z.max(1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(1, keepdims=True)
    gradient = exponentials / total
    gradient[rows, labels] -= 1
    return np.log(total[:, 0]) - shifted[rows, labels], gradient


def margin(z, labels):
    """The largest other logit minus the label's: above 0 where the sample is fooled."""
    z = z.astype("float64")
    rows = np.arange(len(z))
    others = z.copy()
    others[rows, labels] = -np.inf
    other = others.argmax(1)
    gradient = np.zeros_like(z)
    gradient[rows, other] = 1
    gradient[rows, labels] = -1
    return z[rows, other] - z[rows, labels], gradient


def targeted_margin(z, labels, targets):
    """A target's logit minus the label's: for fewer classes than `targeted_dlr` needs."""
    z = z.astype("float64")
    rows = np.arange(len(z))
    gradient = np.zeros_like(z)
    gradient[rows, targets] = 1
    gradient[rows, labels] -= 1
    return z[rows, targets] - z[rows, labels], gradient


def targeted_dlr(z, labels, targets):
    """The targeted difference of logits ratio (Croce and Hein 2020, arXiv:2003.01690, equation 7):
    -(z_y - z_t) / (z_1 - (z_3 + z_4) / 2), where z_1 >= z_2 >= ... Needs four classes."""
    z = z.astype("float64")
    rows = np.arange(len(z))
    order = np.argsort(z, 1)[:, ::-1]
    first, third, fourth = order[:, 0], order[:, 2], order[:, 3]
    below = z[rows, first] - (z[rows, third] + z[rows, fourth]) / 2 + 1e-12
    above = z[rows, targets] - z[rows, labels]
    gradient = np.zeros_like(z)
    # By the quotient rule; one logit may be several of these.
    np.add.at(gradient, (rows, targets), 1 / below)
    np.add.at(gradient, (rows, labels), -1 / below)
    slope = above / below**2
    np.add.at(gradient, (rows, first), -slope)
    np.add.at(gradient, (rows, third), slope / 2)
    np.add.at(gradient, (rows, fourth), slope / 2)
    return above / below, gradient
