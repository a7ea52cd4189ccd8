"""Images and regions in them, as a layer that the training program gives its data."""

import ast

import numpy as np

import caffe

from rpn.boxes import encode, overlaps

REGIONS = 24
FOREGROUND = 8
TOPS = ("data", "rois", "labels", "bbox_targets", "bbox_inside_weights", "bbox_outside_weights")


class RoIDataLayer(caffe.Layer):
    """Tops: what TOPS names. Each pass has other images, of other sizes, with as many regions as there are."""

    def set_roidb(self, roidb):
        """Images (3, H, W), boxes of objects and their classes, and boxes that may hold something."""
        self._roidb = roidb
        self._order = []

    def setup(self, bottom, top):
        self._classes = ast.literal_eval(self.param_str_)["num_classes"]
        self._random = np.random.RandomState(3)
        top[0].reshape(1, 3, 100, 100)
        top[1].reshape(1, 5)
        top[2].reshape(1)
        for blob in top[3:]:
            blob.reshape(1, 4 * self._classes)

    def reshape(self, bottom, top):
        """Shapes are those of the images, which forward takes."""

    def forward(self, bottom, top):
        if not len(self._order):
            self._order = self._random.permutation(len(self._roidb))
        chosen, self._order = self._order[0], self._order[1:]
        minibatch = dict(zip(TOPS, self._minibatch(self._roidb[chosen])))
        for name, array in minibatch.items():
            blob = top[TOPS.index(name)]
            blob.reshape(*array.shape)
            blob.data[...] = array.astype(np.float32, copy=False)

    def _minibatch(self, entry):
        candidates = np.vstack([entry["boxes"], entry["candidates"]])
        shares = overlaps(candidates, entry["boxes"])
        matches = shares.argmax(axis=1)
        foreground = np.where(shares.max(axis=1) >= 0.5)[0]
        background = np.where(shares.max(axis=1) < 0.5)[0]
        foreground = self._random.permutation(foreground)[:FOREGROUND]
        background = self._random.permutation(background)[: REGIONS - len(foreground)]
        chosen = np.concatenate([foreground, background])
        regions = candidates[chosen]
        labels = np.concatenate([entry["classes"][matches[foreground]], np.zeros(len(background))])
        targets = (encode(regions, entry["boxes"][matches[chosen]]) - entry["means"]) / entry["stds"]
        spread = np.zeros((len(chosen), 4 * self._classes))
        weights = np.zeros_like(spread)
        for row in range(len(foreground)):
            columns = slice(4 * int(labels[row]), 4 * int(labels[row]) + 4)
            spread[row, columns] = targets[row]
            weights[row, columns] = 1
        rois = np.hstack([np.zeros((len(chosen), 1)), regions])
        return entry["image"][None], rois, labels, spread, weights, (weights > 0).astype(np.float32)

    def backward(self, top, propagate_down, bottom):
        """Images learn nothing."""
