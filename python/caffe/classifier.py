"""A net that names images."""

import numpy as np

from . import io
from .pycaffe import TEST, Net


def transformer_of(net, mean, input_scale, raw_scale, channel_swap):
    """A Transformer of images (H, W, K) to the first input of a net (N, K, H, W)."""
    in_ = net.inputs[0]
    transformer = io.Transformer({in_: net.blobs[in_].data.shape})
    transformer.set_transpose(in_, (2, 0, 1))
    if mean is not None:
        transformer.set_mean(in_, mean)
    if input_scale is not None:
        transformer.set_input_scale(in_, input_scale)
    if raw_scale is not None:
        transformer.set_raw_scale(in_, raw_scale)
    if channel_swap is not None:
        transformer.set_channel_swap(in_, channel_swap)
    return transformer


class Classifier(Net):
    """A net that is given images, at their middle or in ten crops.

    image_dims: (height, width) to which images are brought before crops of the input's size are
    taken; by default that size, so that the crop is the whole image.
    mean, input_scale, raw_scale, channel_swap: those of io.Transformer.
    """

    def __init__(
        self,
        model_file,
        pretrained_file,
        image_dims=None,
        mean=None,
        input_scale=None,
        raw_scale=None,
        channel_swap=None,
    ):
        Net.__init__(self, model_file, TEST, weights=pretrained_file)
        self.transformer = transformer_of(self, mean, input_scale, raw_scale, channel_swap)
        self.crop_dims = np.array(self.blobs[self.inputs[0]].data.shape[2:])
        self.image_dims = self.crop_dims if image_dims is None or not len(image_dims) else image_dims

    def predict(self, inputs, oversample=True):
        """What the net's first output says of each image: (N, classes).

        inputs: a list of images (H, W, K), as io.load_image gives them.
        oversample: whether to take the mean over ten crops (io.oversample) rather than the middle;
        without it the output keeps its axes.
        Raises ValueError where image_dims are smaller than the net's input.
        """
        height, width = (int(side) for side in self.image_dims)
        images = np.array([io.resize_image(image, (height, width)) for image in inputs])
        crop_height, crop_width = (int(side) for side in self.crop_dims)
        if oversample:
            crops = io.oversample(images, (crop_height, crop_width))
        elif crop_height > height or crop_width > width:
            raise ValueError(
                "image_dims are %dx%d. Expected at least the net's input, %dx%d."
                % (height, width, crop_height, crop_width)
            )
        else:
            top, left = (height - crop_height) // 2, (width - crop_width) // 2
            crops = images[:, top : top + crop_height, left : left + crop_width]
        in_ = self.inputs[0]
        prepared = np.array([self.transformer.preprocess(in_, crop) for crop in crops])
        predictions = self.forward_all(**{in_: prepared})[self.outputs[0]]
        if oversample:
            return predictions.reshape((len(predictions) // 10, 10, -1)).mean(1)
        return predictions
