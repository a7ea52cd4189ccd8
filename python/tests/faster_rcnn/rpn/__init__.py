"""Region proposals in numpy, as programs around Faster R-CNN bring them along under this name."""
