"""Minibatches of regions, as programs around Fast R-CNN bring them along under this name."""
