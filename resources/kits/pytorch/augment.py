"""Changes of images that leave their class as it is."""

import numpy as np

PADDING = 4


def flip_and_crop(images, random):
    """Mirrors every second image and moves each by up to 4 pixels; the border is filled from the edge.

    `images` is (n, channels, height, width), `random` a NumPy generator. A new array of the same shape.
    """
    count, _, height, width = images.shape
    mirrored = random.random(count) < 0.5
    tops, lefts = random.integers(0, 2 * PADDING + 1, (2, count))
    sides = (PADDING, PADDING)
    padded = np.pad(images, ((0, 0), (0, 0), sides, sides), mode="edge")
    result = np.empty_like(images)
    for i, (top, left) in enumerate(zip(tops, lefts)):
        moved = padded[i, :, top : top + height, left : left + width]
        result[i] = moved[:, :, ::-1] if mirrored[i] else moved
    return result
