"""Regions of an image, as a layer: a program brings it along under the name that its prototxt has."""

import ast

import numpy as np

import caffe

from rpn.boxes import anchors_of, clip, decode, suppress

CANDIDATES = 6000
MOST = 300
OVERLAP = 0.7
LEAST_SIZE = 16


class ProposalLayer(caffe.Layer):
    """Bottoms: scores 1×2A×H×W, deltas 1×4A×H×W, im_info 1×3 (height, width, scale). Tops: regions R×5, their scores."""

    def setup(self, bottom, top):
        options = ast.literal_eval(self.param_str_)
        self._stride = options["feat_stride"]
        self._anchors = anchors_of(scales=options.get("scales", (8, 16, 32)))
        top[0].reshape(1, 5)
        if len(top) > 1:
            top[1].reshape(1, 1, 1, 1)

    def reshape(self, bottom, top):
        """How many regions there are is known in forward."""

    def forward(self, bottom, top):
        assert bottom[0].data.shape[0] == 1, "a single image at a time"
        count = len(self._anchors)
        scores = bottom[0].data[:, count:].transpose(0, 2, 3, 1).reshape(-1)
        deltas = bottom[1].data.transpose(0, 2, 3, 1).reshape(-1, 4)
        image_height, image_width, scale = bottom[2].data[0]
        height, width = bottom[0].data.shape[-2:]
        x, y = np.meshgrid(np.arange(width) * self._stride, np.arange(height) * self._stride)
        places = np.stack([x, y, x, y], axis=-1).reshape(-1, 1, 4)
        boxes = clip(decode((self._anchors + places).reshape(-1, 4), deltas), image_height, image_width)
        large = np.all(boxes[:, 2:] - boxes[:, :2] + 1 >= LEAST_SIZE * scale, axis=1)
        boxes, scores = boxes[large], scores[large]
        best = scores.argsort()[::-1][:CANDIDATES]
        best = best[suppress(boxes[best], OVERLAP)[:MOST]]
        top[0].reshape(len(best), 5)
        top[0].data[...] = np.hstack([np.zeros((len(best), 1)), boxes[best]])
        if len(top) > 1:
            top[1].reshape(len(best), 1, 1, 1)
            top[1].data[...] = scores[best].reshape(-1, 1, 1, 1)

    def backward(self, top, propagate_down, bottom):
        """Nothing flows back."""
