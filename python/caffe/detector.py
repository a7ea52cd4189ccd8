"""A net that judges windows of images, as R-CNN does.

Girshick, Donahue, Darrell, Malik: Rich feature hierarchies for accurate object detection and
semantic segmentation, CVPR 2014, https://arxiv.org/abs/1311.2524.
"""

import os

import numpy as np

from . import io
from .classifier import transformer_of
from .pycaffe import TEST, Net


class Detector(Net):
    """A net that is given windows of images, each warped to its input.

    context_pad: how many pixels along each side of the input show what is around the window.
    mean, input_scale, raw_scale, channel_swap: those of io.Transformer.
    """

    def __init__(
        self,
        model_file,
        pretrained_file,
        mean=None,
        input_scale=None,
        raw_scale=None,
        channel_swap=None,
        context_pad=None,
    ):
        Net.__init__(self, model_file, TEST, weights=pretrained_file)
        self.transformer = transformer_of(self, mean, input_scale, raw_scale, channel_swap)
        self.configure_crop(context_pad)

    def detect_windows(self, images_windows):
        """What the net's first output says of each window.

        images_windows: pairs of an image's file and its windows (ymin, xmin, ymax, xmax).
        Returns a list, in order, of {"window", "prediction", "filename"}.
        """
        detections = []
        prepared = []
        in_ = self.inputs[0]
        for filename, windows in images_windows:
            image = io.load_image(filename)
            for window in windows:
                prepared.append(self.transformer.preprocess(in_, self.crop(image, window)))
                detections.append({"window": window, "filename": filename})
        if not detections:
            return []
        predictions = self.forward_all(**{in_: np.array(prepared)})[self.outputs[0]]
        for detection, prediction in zip(detections, predictions):
            detection["prediction"] = prediction
        return detections

    def detect_selective_search(self, image_fnames):
        """As detect_windows, of the windows that selective search finds (in MATLAB).

        Raises ImportError where its module is not installed.
        """
        try:
            import selective_search_ijcv_with_python as selective_search
        except ImportError:
            raise ImportError(
                "detect_selective_search needs selective_search_ijcv_with_python, and MATLAB: "
                "https://github.com/sergeyk/selective_search_ijcv_with_python. "
                "With windows of another source use detect_windows."
            ) from None
        # MATLAB runs in a folder of its own.
        files = [os.path.abspath(name) for name in image_fnames]
        windows = selective_search.get_windows(files, cmd="selective_search_rcnn")
        return self.detect_windows(zip(files, windows))

    def crop(self, im, window):
        """A window of an image; with context_pad at the input's size, the mean where there is no image.

        window: ymin, xmin, ymax, xmax. Raises ValueError where no pixel of the image is in it.
        """
        box = np.array(window, dtype=float)
        if not self.context_pad:
            return self._cut(im, box, window)
        side = self.crop_dims[1]
        half = (box[2:] - box[:2] + 1) / 2
        centre = box[:2] + half
        # The window with what is around it, which fills the input.
        half *= side / (side - 2.0 * self.context_pad)
        box = np.concatenate([centre - half, centre + half]).round()
        scale = side / (box[2:] - box[:2] + 1)
        pad = [round(float(before)) for before in np.maximum(0, -box[:2]) * scale]
        sides = np.tile(im.shape[:2], 2)
        box = np.clip(box, 0, sides)
        extent = (box[2:] - box[:2] + 1) * scale
        size = [min(round(float(extent[i])), side - pad[i]) for i in range(2)]
        inside = io.resize_image(self._cut(im, box, window), size)
        crop = np.ones(self.crop_dims, dtype=np.float32) * self.crop_mean
        crop[pad[0] : pad[0] + size[0], pad[1] : pad[1] + size[1]] = inside
        return crop

    def _cut(self, im, box, window):
        top, left, bottom, right = (int(place) for place in box)
        part = im[top:bottom, left:right]
        if not part.size:
            raise ValueError(
                "window %s of an image of %dx%d has no pixels. Expected ymin, xmin, ymax, xmax."
                % (list(window), im.shape[0], im.shape[1])
            )
        return part

    def configure_crop(self, context_pad):
        """Sets the context, the size of crops, and what stands where there is no image: the mean.

        Raises ValueError where the context leaves no room for the window.
        """
        in_ = self.inputs[0]
        back = np.argsort(self.transformer.transpose[in_])
        self.crop_dims = np.array(self.blobs[in_].data.shape[1:])[back]
        self.context_pad = context_pad
        if not context_pad:
            return
        if 2 * context_pad >= self.crop_dims[1]:
            raise ValueError(
                "context_pad is %s. Expected less than half the input's width, %d."
                % (context_pad, self.crop_dims[1])
            )
        mean = self.transformer.mean.get(in_)
        if mean is None:
            self.crop_mean = np.zeros(self.crop_dims, dtype=np.float32)
            return
        # The mean as images have it: before transposition, swap and raw_scale.
        crop_mean = mean.transpose(back)
        channel_swap = self.transformer.channel_swap.get(in_)
        if channel_swap is not None:
            crop_mean = crop_mean[:, :, np.argsort(channel_swap)]
        raw_scale = self.transformer.raw_scale.get(in_)
        self.crop_mean = crop_mean if raw_scale is None else crop_mean / raw_scale
