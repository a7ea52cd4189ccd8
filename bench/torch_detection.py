"""The layers of detectors in PyTorch, as SSD and Faster R-CNN have them: for torch_net.py.

Priors and anchors are made once; suppression and pooling of regions are torchvision's.
"""

import math

import torch
from torch.nn import functional
from torchvision import ops


def objects(shape):
    """What inputs.mjs gives an Input layer `label`: rows of image, class, instance, four edges, difficult."""
    rows = []
    for row in range(shape[2]):
        image, k = divmod(row, 3)
        start, size = 0.25 * k + 0.02 * image, 0.15 + 0.15 * k
        end = min(start + size, 1)
        rows.append([image, 1 + row % 20, 0, start, start, end, end, 0])
    return torch.tensor(rows)


def priors(layer, features, image):
    """(boxes, 4) of a PriorBox layer."""
    p = layer.prior_box_param
    height, width = features.shape[2:]
    image_height, image_width = image.shape[2:]
    sizes = []
    for i, small in enumerate(p.min_size):
        sizes.append((small, small))
        if p.max_size:
            sizes.append((math.sqrt(small * p.max_size[i]),) * 2)
        for ratio in p.aspect_ratio:
            for r in (ratio, 1 / ratio) if p.flip else (ratio,):
                sizes.append((small * math.sqrt(r), small / math.sqrt(r)))
    boxes = []
    for h in range(height):
        for w in range(width):
            x, y = (w + p.offset) * image_width / width, (h + p.offset) * image_height / height
            boxes += [[x - bw / 2, y - bh / 2, x + bw / 2, y + bh / 2] for bw, bh in sizes]
    return torch.tensor(boxes) / torch.tensor([image_width, image_height] * 2)


VARIANCES = torch.tensor([0.1, 0.1, 0.2, 0.2])


def framed(boxes):
    return torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def encode(boxes, frames):
    own = framed(boxes)
    middle = (own[:, :2] - frames[:, :2]) / frames[:, 2:]
    return torch.cat([middle, torch.log(own[:, 2:] / frames[:, 2:])], 1) / VARIANCES


def decode(moves, frames):
    moves = moves * VARIANCES
    middle = moves[:, :2] * frames[:, 2:] + frames[:, :2]
    half = torch.exp(moves[:, 2:]) * frames[:, 2:] / 2
    return torch.cat([middle - half, middle + half], 1)


class MultiBoxLoss:
    """Matching by prediction, three negatives mined for each object, smooth L1 and softmax, over the matches."""

    def __init__(self, layer):
        self.param = layer.multibox_loss_param

    def match(self, boxes, truths):
        overlaps = ops.box_iou(truths, boxes)
        best, which = overlaps.max(0)
        which[best < self.param.overlap_threshold] = -1
        for k, prior in enumerate(overlaps.argmax(1).tolist()):
            which[prior] = k
        return which, best

    def __call__(self, locations, scores, boxes, labels):
        batch, classes = locations.shape[0], self.param.num_classes
        locations = locations.view(batch, -1, 4)
        scores = scores.view(batch, -1, classes)
        with torch.no_grad():
            frames = framed(boxes)
            found = torch.zeros(batch, len(boxes), dtype=torch.long)
            targets = torch.zeros(batch, len(boxes), 4)
            overlaps = torch.zeros(batch, len(boxes))
            for image in range(batch):
                own = labels[labels[:, 0] == image]
                which, overlaps[image] = self.match(boxes, own[:, 3:7])
                matched = which >= 0
                found[image, matched] = own[which[matched], 1].long()
                targets[image, matched] = encode(own[which[matched], 3:7], frames[matched])
            positive = found > 0
        losses = functional.cross_entropy(scores.view(-1, classes), found.view(-1), reduction="none")
        losses = losses.view(batch, -1)
        with torch.no_grad():
            mined = losses.masked_fill(positive | (overlaps >= self.param.neg_overlap), -1)
            rank = mined.argsort(1, descending=True).argsort(1)
            wanted = (positive.sum(1, keepdim=True) * self.param.neg_pos_ratio).long()
            counted = positive | (rank < wanted) & (mined >= 0)
        location = functional.smooth_l1_loss(locations[positive], targets[positive], reduction="sum")
        return (location + losses[counted].sum()) / positive.sum().clamp(min=1)


class DetectionOutput:
    """Boxes above the threshold, the best of each class, those that do not overlap, and the best of all."""

    def __init__(self, layer):
        self.param = layer.detection_output_param

    def __call__(self, locations, scores, boxes):
        p, frames, rows = self.param, framed(boxes), []
        for image in range(locations.shape[0]):
            decoded = decode(locations[image].view(-1, 4), frames)
            own = scores[image].view(-1, p.num_classes)
            kept = []
            for label in range(1, p.num_classes):
                (which,) = torch.where(own[:, label] > p.confidence_threshold)
                best, order = own[which, label].sort(descending=True)
                best, which = best[:p.nms_param.top_k], which[order[:p.nms_param.top_k]]
                stay = ops.nms(decoded[which], best, p.nms_param.nms_threshold)
                told = torch.full((len(stay), 1), float(label))
                kept.append(torch.cat([told, best[stay, None], decoded[which[stay]]], 1))
            kept = torch.cat(kept)
            kept = kept[kept[:, 1].argsort(descending=True)[:p.keep_top_k]]
            rows.append(torch.cat([torch.full((len(kept), 1), float(image)), kept], 1))
        return torch.cat(rows)


class Proposals:
    """py-faster-rcnn's ProposalLayer in its test phase: 6000 candidates, 300 regions, overlap 0.7, 16 pixels at least."""

    def __init__(self, shape):
        stride, base = 16, []
        for ratio in (0.5, 1, 2):
            width = round(math.sqrt(256 / ratio))
            height = round(width * ratio)
            for scale in (8, 16, 32):
                x, y = (width * scale - 1) / 2, (height * scale - 1) / 2
                base.append([7.5 - x, 7.5 - y, 7.5 + x, 7.5 + y])
        rows, columns = torch.arange(shape[2]) * stride, torch.arange(shape[3]) * stride
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        shifts = torch.stack([x, y, x, y], 2).view(-1, 1, 4)
        anchors = (shifts + torch.tensor(base)).view(-1, 4)
        size = anchors[:, 2:] - anchors[:, :2] + 1
        self.frames = torch.cat([anchors[:, :2] + size / 2, size], 1)

    def __call__(self, scores, moves, info):
        height, width, scale = info[0].tolist()
        scores = scores[0, 9:].permute(1, 2, 0).reshape(-1)
        moves = moves[0].permute(1, 2, 0).reshape(-1, 4)
        middle = moves[:, :2] * self.frames[:, 2:] + self.frames[:, :2]
        half = torch.exp(moves[:, 2:]) * self.frames[:, 2:] / 2
        boxes = torch.cat([middle - half, middle + half], 1)
        boxes[:, 0::2].clamp_(0, width - 1)
        boxes[:, 1::2].clamp_(0, height - 1)
        size = boxes[:, 2:] - boxes[:, :2] + 1
        (large,) = torch.where((size >= 16 * scale).all(1))
        boxes, scores = boxes[large], scores[large]
        scores, order = scores.sort(descending=True)
        boxes = boxes[order[:6000]]
        stay = ops.nms(boxes, scores[:6000], 0.7)[:300]
        return torch.cat([torch.zeros(len(stay), 1), boxes[stay]], 1)


def regions(layer, features, rois):
    p = layer.roi_pooling_param
    return ops.roi_pool(features, rois, (p.pooled_h, p.pooled_w), p.spatial_scale)
