"""Boxes [x1, y1, x2, y2] whose edges are pixels that belong to them.

Ren, He, Girshick, Sun: Faster R-CNN, NIPS 2015, section 3.1.
"""

import numpy as np


def anchors_of(base=16, ratios=(0.5, 1, 2), scales=(8, 16, 32)):
    """Boxes around the middle of a square of `base` pixels: heights over widths, and multiples of its edge."""
    anchors = []
    for ratio in ratios:
        width = np.round(np.sqrt(base * base / ratio))
        for scale in scales:
            size = np.array([width, np.round(width * ratio)]) * scale
            middle = (base - 1) / 2
            anchors.append(np.concatenate([middle - (size - 1) / 2, middle + (size - 1) / 2]))
    return np.array(anchors)


def _middles_and_sizes(boxes):
    sizes = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes[:, :2] + 0.5 * sizes, sizes


def encode(boxes, targets):
    """How each box is moved, in its own sizes, and stretched, in logarithms, to be its target."""
    middles, sizes = _middles_and_sizes(boxes)
    wanted_middles, wanted_sizes = _middles_and_sizes(targets)
    return np.hstack([(wanted_middles - middles) / sizes, np.log(wanted_sizes / sizes)])


def decode(boxes, deltas):
    """Each box moved and stretched, for each four columns of deltas."""
    middles, sizes = _middles_and_sizes(boxes.astype(deltas.dtype))
    moved = deltas.reshape(len(boxes), -1, 4)
    middles = moved[:, :, :2] * sizes[:, None] + middles[:, None]
    halves = 0.5 * np.exp(moved[:, :, 2:]) * sizes[:, None]
    return np.concatenate([middles - halves, middles + halves], axis=2).reshape(deltas.shape)


def clip(boxes, height, width):
    """Boxes within an image, for each four columns."""
    last = np.tile([width - 1, height - 1], boxes.shape[1] // 2)
    return np.clip(boxes, 0, last).astype(boxes.dtype)


def overlaps(boxes, others):
    """The intersection of each box with each other one, over their union."""
    least = np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - np.maximum(boxes[:, None, :2], others[None, :, :2]) + 1
    both = np.prod(np.maximum(least, 0), axis=2)
    areas, other_areas = (np.prod(_middles_and_sizes(part)[1], axis=1) for part in (boxes, others))
    return both / (areas[:, None] + other_areas[None] - both)


def suppress(boxes, threshold):
    """Which boxes stay, of those in the order of their scores: none that a better one overlaps by more."""
    kept = []
    left = np.arange(len(boxes))
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[overlaps(boxes[best][None], boxes[left])[0] <= threshold]
    return kept
