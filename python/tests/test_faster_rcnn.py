"""Programs around Fast and Faster R-CNN: layers and loops of their own around a net, with images of all sizes."""

import os
import sys
import unittest

import numpy as np
from google.protobuf import text_format

import caffe
from caffe.proto import caffe_pb2
from nets import temporary_folder, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "faster_rcnn"))

from roi_data_layer.layer import TOPS  # noqa: E402
from rpn.boxes import clip, decode, suppress  # noqa: E402

CLASSES = 3
MEANS = np.array([0.0, 0.0, 0.0, 0.0])
STDS = np.array([0.1, 0.1, 0.2, 0.2])

CONVOLUTION = """
    layer { name: "%s" type: "Convolution" bottom: "%s" top: "%s"
        convolution_param { num_output: %d kernel_size: %d pad: %d stride: %d weight_filler { type: "%s" std: %g } } }
"""
REGIONS = """
    layer { name: "roi_pool" type: "ROIPooling" bottom: "%s" bottom: "rois" top: "pool"
        roi_pooling_param { pooled_w: 6 pooled_h: 6 spatial_scale: %g } }
    layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
        inner_product_param { num_output: 64 weight_filler { type: "xavier" } } }
    layer { name: "relu_fc" type: "ReLU" bottom: "fc" top: "fc" }
    layer { name: "cls_score" type: "InnerProduct" bottom: "fc" top: "cls_score"
        inner_product_param { num_output: %d weight_filler { type: "gaussian" std: 0.05 } } }
    layer { name: "bbox_pred" type: "InnerProduct" bottom: "fc" top: "bbox_pred"
        inner_product_param { num_output: %d weight_filler { type: "gaussian" std: 0.01 } } }
"""
PROBABILITIES = 'layer { name: "cls_prob" type: "Softmax" bottom: "cls_score" top: "cls_prob" }'

SEARCH = (
    """
    name: "search"
    layer { name: "data" type: "Input" top: "data" top: "im_info"
        input_param { shape { dim: 1 dim: 3 dim: 64 dim: 64 } shape { dim: 1 dim: 3 } } }
"""
    + CONVOLUTION % ("conv1", "data", "conv1", 8, 5, 2, 4, "xavier", 0)
    + 'layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }'
    + CONVOLUTION % ("conv2", "conv1", "conv2", 8, 5, 2, 4, "xavier", 0)
    + CONVOLUTION % ("rpn_cls_score", "conv2", "rpn_cls_score", 18, 1, 0, 1, "gaussian", 0.05)
    + CONVOLUTION % ("rpn_bbox_pred", "conv2", "rpn_bbox_pred", 36, 1, 0, 1, "gaussian", 0.01)
    + """
    layer { name: "pairs" type: "Reshape" bottom: "rpn_cls_score" top: "pairs"
        reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } } }
    layer { name: "rpn_prob" type: "Softmax" bottom: "pairs" top: "rpn_prob" }
    layer { name: "rpn_cls_prob" type: "Reshape" bottom: "rpn_prob" top: "rpn_cls_prob"
        reshape_param { shape { dim: 0 dim: 18 dim: -1 dim: 0 } } }
    layer { name: "proposal" bottom: "rpn_cls_prob" bottom: "rpn_bbox_pred" bottom: "im_info" top: "rois" top: "scores"
        %s }
"""
    + REGIONS % ("conv2", 1 / 16, CLASSES, 4 * CLASSES)
    + PROBABILITIES
)
IN_PYTHON = """type: "Python" python_param { module: "rpn.proposal_layer" layer: "ProposalLayer"
    param_str: "{'feat_stride': 16, 'scales': [1, 2, 4]}" }"""
NATIVE = 'type: "Proposal" proposal_param { feat_stride: 16 scale: 1 scale: 2 scale: 4 }'

FEATURES = CONVOLUTION % ("conv1", "data", "conv1", 12, 5, 2, 2, "xavier", 0) + (
    'layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }'
)
LEARN = (
    """
    name: "regions"
    layer { name: "data" type: "Python" %s
        python_param { module: "roi_data_layer.layer" layer: "RoIDataLayer" param_str: "{'num_classes': %d}" } }
"""
    % (" ".join('top: "%s"' % top for top in TOPS), CLASSES)
    + FEATURES
    + REGIONS % ("conv1", 1 / 2, CLASSES, 4 * CLASSES)
    + """
    layer { name: "loss_cls" type: "SoftmaxWithLoss" bottom: "cls_score" bottom: "labels" top: "loss_cls" }
    layer { name: "loss_bbox" type: "SmoothL1Loss" bottom: "bbox_pred" bottom: "bbox_targets"
        bottom: "bbox_inside_weights" bottom: "bbox_outside_weights" top: "loss_bbox" loss_weight: 1 }
"""
)
DETECT = (
    """
    layer { name: "data" type: "Input" top: "data" top: "rois"
        input_param { shape { dim: 1 dim: 3 dim: 64 dim: 64 } shape { dim: 1 dim: 5 } } }
"""
    + FEATURES
    + REGIONS % ("conv1", 1 / 2, CLASSES, 4 * CLASSES)
    + PROBABILITIES
)
SOLVER = """
    train_net: "%s"
    base_lr: 0.02
    lr_policy: "step"
    gamma: 0.1
    stepsize: 150
    momentum: 0.9
    weight_decay: 0.0005
    display: 0
    average_loss: 20
    snapshot: 0
    snapshot_prefix: "%s"
    random_seed: 5
"""


def setUpModule():
    caffe.init_log(2)


def blob_of(image, shorter):
    """An image (H, W, 3) as a net takes it, with its shorter side at a length, and its scale."""
    scale = shorter / min(image.shape[:2])
    resized = caffe.io.resize_image(image, np.round(np.array(image.shape[:2]) * scale).astype(int))
    return resized.transpose(2, 0, 1)[None], scale


def im_detect(net, image, shorter):
    """Probabilities of classes, and boxes in the image's own pixels, of what the net finds in it."""
    data, scale = blob_of(image, shorter)
    blobs = {"data": data, "im_info": np.array([[data.shape[2], data.shape[3], scale]])}
    for name, blob in blobs.items():
        net.blobs[name].reshape(*blob.shape)
    forward_kwargs = {name: blob.astype(np.float32, copy=False) for name, blob in blobs.items()}
    out = net.forward(blobs=["bbox_pred"], **forward_kwargs)
    rois = net.blobs["rois"].data.copy()
    boxes = decode(rois[:, 1:] / scale, out["bbox_pred"])
    return out["cls_prob"], clip(boxes, *image.shape[:2]), rois, net.blobs["scores"].data.copy()


class TestSearch(unittest.TestCase):
    def test_proposals_of_a_layer_in_python_are_those_of_the_native_one(self):
        folder = temporary_folder(self)
        caffe.set_random_seed(4)
        ours = caffe.Net(write(folder, "python.prototxt", SEARCH % IN_PYTHON), caffe.TEST)
        ours.save(os.path.join(folder, "search.caffemodel"))
        native = caffe.Net(
            write(folder, "native.prototxt", SEARCH % NATIVE),
            caffe.TEST,
            weights=os.path.join(folder, "search.caffemodel"),
        )
        self.assertEqual(ours.layer_dict["proposal"].__class__.__name__, "ProposalLayer")
        random = np.random.RandomState(1)
        found = []
        for height, width in [(60, 90), (120, 80), (60, 90), (64, 64)]:
            image = random.rand(height, width, 3).astype(np.float32) * 4
            for shorter in (64, 112, 80):
                expected = im_detect(native, image, shorter)
                for one, other in zip(im_detect(ours, image, shorter), expected):
                    self.assertEqual(one.reshape(len(other), -1).shape, other.reshape(len(other), -1).shape)
                    np.testing.assert_allclose(one.ravel(), other.ravel(), rtol=1e-4, atol=1e-4)
                found.append(len(expected[0]))
        self.assertGreater(min(found), 5)
        self.assertGreater(len(set(found)), 3)


def draw(random):
    """A dark picture with red and green rectangles, of any size, and what is known of it."""
    height, width = random.randint(60, 110, 2)
    image = random.rand(3, height, width).astype(np.float32) * 0.3
    boxes, classes = [], []
    for kind in random.permutation([1, 2])[: random.randint(1, 3)]:
        sides = random.randint(18, 34, 2)
        left, top = random.randint(0, width - sides[0]), random.randint(0, height - sides[1])
        box = np.array([left, top, left + sides[0] - 1, top + sides[1] - 1])
        image[:, box[1] : box[3] + 1, box[0] : box[2] + 1] = 0.1
        image[kind - 1, box[1] : box[3] + 1, box[0] : box[2] + 1] = 2
        boxes.append(box)
        classes.append(kind)
    boxes = np.array(boxes, dtype=np.float64)
    near = np.repeat(boxes, 8, axis=0) + random.randint(-7, 8, (8 * len(boxes), 4))
    corner = random.rand(20, 2) * [width - 30, height - 30]
    far = np.hstack([corner, corner + 16 + random.rand(20, 2) * 12])
    return {
        "image": image,
        "boxes": boxes,
        "classes": np.array(classes),
        "candidates": clip(np.vstack([near, far]), height, width),
        "means": MEANS,
        "stds": STDS,
    }


class SolverWrapper:
    """Trains, and saves weights whose boxes are in pixels, as detection wants them."""

    def __init__(self, solver_prototxt, roidb):
        self.solver = caffe.SGDSolver(solver_prototxt)
        self.solver_param = caffe_pb2.SolverParameter()
        with open(solver_prototxt) as file:
            text_format.Merge(file.read(), self.solver_param)
        self.solver.net.layers[0].set_roidb(roidb)

    def snapshot(self):
        net = self.solver.net
        weights, bias = (blob.data.copy() for blob in net.params["bbox_pred"])
        stds, means = np.tile(STDS, CLASSES), np.tile(MEANS, CLASSES)
        net.params["bbox_pred"][0].data[...] = net.params["bbox_pred"][0].data * stds[:, np.newaxis]
        net.params["bbox_pred"][1].data[...] = net.params["bbox_pred"][1].data * stds + means
        filename = "%s_iter_%d.caffemodel" % (self.solver_param.snapshot_prefix, self.solver.iter)
        net.save(str(filename))
        net.params["bbox_pred"][0].data[...] = weights
        net.params["bbox_pred"][1].data[...] = bias
        return filename

    def train_model(self, iterations):
        losses = []
        while self.solver.iter < iterations:
            self.solver.step(1)
            blobs = self.solver.net.blobs
            losses.append((float(blobs["loss_cls"].data), float(blobs["loss_bbox"].data)))
        return np.array(losses)


class TestTraining(unittest.TestCase):
    def test_a_net_learns_from_a_layer_of_regions_and_detects(self):
        folder = temporary_folder(self)
        random = np.random.RandomState(0)
        pictures = [draw(random) for _ in range(30)]
        train = write(folder, "train.prototxt", LEARN)
        prefix = os.path.join(folder, "regions")
        wrapper = SolverWrapper(write(folder, "solver.prototxt", SOLVER % (train, prefix)), pictures)
        losses = wrapper.train_model(200)
        start, end = losses[:10].mean(axis=0), losses[-20:].mean(axis=0)
        self.assertLess(end[0], 0.4 * start[0])
        self.assertLess(end[1], 0.5 * start[1])

        filename = wrapper.snapshot()
        self.assertEqual(filename, prefix + "_iter_200.caffemodel")
        net = caffe.Net(write(folder, "test.prototxt", DETECT), filename, caffe.TEST)
        trained = wrapper.solver.net.params["bbox_pred"][0].data
        scaled = trained * np.tile(STDS, CLASSES)[:, None]
        np.testing.assert_allclose(net.params["bbox_pred"][0].data, scaled, rtol=1e-6)

        nearer = []
        for picture in (draw(random) for _ in range(10)):
            rois = np.hstack([np.zeros((len(picture["candidates"]), 1)), picture["candidates"]])
            net.blobs["data"].reshape(*picture["image"][None].shape)
            net.blobs["rois"].reshape(*rois.shape)
            out = net.forward(data=picture["image"][None], rois=rois)
            for box, kind in zip(picture["boxes"], picture["classes"]):
                order = out["cls_prob"][:, kind].argsort()[::-1]
                best = order[suppress(picture["candidates"][order], 0.3)[0]]
                self.assertGreater(out["cls_prob"][best, kind], 0.5)
                moved = decode(picture["candidates"][best][None], out["bbox_pred"][best][None])[0, 4 * kind :][:4]
                nearer.append(np.abs(moved - box).mean() - np.abs(picture["candidates"][best] - box).mean())
        self.assertLess(np.mean(nearer), 0)


if __name__ == "__main__":
    unittest.main()
