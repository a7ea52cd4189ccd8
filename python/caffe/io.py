"""Images and arrays on their way into a net, and messages to arrays and back.

Numpy and protobuf do most of it. Files of images are read by Pillow, and what it does not know by
scikit-image where that is installed. Images are resized as pycaffe does it with the scikit-image of
its years: without smoothing beforehand, and with the same numbers whatever is installed. Orders of
interpolation above 1 need scikit-image.
"""

import numpy as np

from caffe.proto import caffe_pb2

# How much red, green and blue weigh in grey: ITU-R BT.709, rounded as scikit-image has them.
_GREY = np.array([0.2125, 0.7154, 0.0721])


def __getattr__(name):
    # Scripts reach through caffe.io for what pycaffe's imports: caffe.io.skimage.io, caffe.io.resize.
    if name == "skimage":
        import skimage.io
        import skimage.transform

        return skimage
    if name == "resize":
        from skimage.transform import resize

        return resize
    if name == "zoom":
        from scipy.ndimage import zoom

        return zoom
    raise AttributeError("module 'caffe.io' has no attribute %r" % name)


# Messages


def blobproto_to_array(blob, return_diff=False):
    """The values of a BlobProto, or its gradients, in the shape that it gives.

    That is `shape`, or the four lengths of old. Raises ValueError where it does not fit the values.
    """
    if return_diff:
        values = blob.diff or blob.double_diff
    else:
        values = blob.data or blob.double_data
    if any(blob.HasField(name) for name in ("num", "channels", "height", "width")):
        shape = (blob.num, blob.channels, blob.height, blob.width)
    else:
        shape = tuple(blob.shape.dim)
    return np.array(values, dtype=float).reshape(shape)


def array_to_blobproto(arr, diff=None):
    """A BlobProto of an array, and of its gradients where given: nothing compares their shapes."""
    blob = caffe_pb2.BlobProto()
    blob.shape.dim.extend(arr.shape)
    blob.data.extend(arr.astype(float).flat)
    if diff is not None:
        blob.diff.extend(diff.astype(float).flat)
    return blob


def arraylist_to_blobprotovector_str(arraylist):
    """The bytes of a BlobProtoVector of these arrays."""
    vector = caffe_pb2.BlobProtoVector()
    vector.blobs.extend(array_to_blobproto(arr) for arr in arraylist)
    return vector.SerializeToString()


def blobprotovector_str_to_arraylist(str):
    """The arrays of a BlobProtoVector's bytes."""
    vector = caffe_pb2.BlobProtoVector()
    vector.ParseFromString(str)
    return [blobproto_to_array(blob) for blob in vector.blobs]


def array_to_datum(arr, label=None):
    """A Datum of an array (channels, height, width): bytes where it is uint8, else floats.

    Raises ValueError for another number of axes.
    """
    if arr.ndim != 3:
        raise ValueError("a Datum of shape %s. Expected (channels, height, width)." % (arr.shape,))
    datum = caffe_pb2.Datum()
    datum.channels, datum.height, datum.width = arr.shape
    if arr.dtype == np.uint8:
        datum.data = arr.tobytes()
    else:
        datum.float_data.extend(arr.astype(float).flat)
    if label is not None:
        datum.label = label
    return datum


def datum_to_array(datum):
    """The array (channels, height, width) of a Datum: uint8 of bytes, else float.

    The label is `datum.label`. Raises ValueError for a Datum that holds an image file.
    """
    if datum.encoded:
        raise ValueError(
            "a Datum that holds an image file. Expected pixels. "
            "Decode it: PIL.Image.open(io.BytesIO(datum.data))."
        )
    shape = (datum.channels, datum.height, datum.width)
    if datum.data:
        return np.frombuffer(datum.data, dtype=np.uint8).reshape(shape).copy()
    return np.array(datum.float_data, dtype=float).reshape(shape)


# Images to a net's input


class Transformer:
    """Makes images what the inputs of a net expect, and images of inputs.

    preprocess: to float32, resize, transpose, swap channels, * raw_scale, - mean, * input_scale, in
    this order; each step where it was set.

    inputs: the shape (N, K, H, W) of each input by its name.
    """

    def __init__(self, inputs):
        self.inputs = inputs
        self.transpose = {}
        self.channel_swap = {}
        self.raw_scale = {}
        self.mean = {}
        self.input_scale = {}

    def __check_input(self, in_):
        if in_ not in self.inputs:
            known = ", ".join(self.inputs)
            raise Exception("%r is no input of the net. Expected one of: %s." % (in_, known))

    def preprocess(self, in_, data):
        """The image (H', W', K) as the input in_ takes it: (K, H, W), float32.

        The image itself is left as it is, which in pycaffe depends on the steps that are set.
        """
        self.__check_input(in_)
        transpose = self.transpose.get(in_)
        channel_swap = self.channel_swap.get(in_)
        raw_scale = self.raw_scale.get(in_)
        mean = self.mean.get(in_)
        input_scale = self.input_scale.get(in_)
        size = tuple(self.inputs[in_][2:])
        caffe_in = np.array(data, dtype=np.float32)
        if caffe_in.shape[:2] != size:
            caffe_in = resize_image(caffe_in, size)
        if transpose is not None:
            caffe_in = caffe_in.transpose(transpose)
        if channel_swap is not None:
            caffe_in = caffe_in[channel_swap, :, :]
        # In place, so that a mean of float64 leaves float32.
        if raw_scale is not None:
            caffe_in *= raw_scale
        if mean is not None:
            caffe_in -= mean
        if input_scale is not None:
            caffe_in *= input_scale
        return caffe_in

    def deprocess(self, in_, data):
        """The image of an input that preprocess made: its steps undone, but for the size."""
        self.__check_input(in_)
        image = data.copy().squeeze()
        if self.input_scale.get(in_) is not None:
            image /= self.input_scale[in_]
        if self.mean.get(in_) is not None:
            image += self.mean[in_]
        if self.raw_scale.get(in_) is not None:
            image /= self.raw_scale[in_]
        if self.channel_swap.get(in_) is not None:
            image = image[np.argsort(self.channel_swap[in_]), :, :]
        if self.transpose.get(in_) is not None:
            image = image.transpose(np.argsort(self.transpose[in_]))
        return image

    def set_transpose(self, in_, order):
        """Which axis of the image each of the input is: (2, 0, 1) makes (K, H, W) of (H, W, K)."""
        self.__check_input(in_)
        self.__check_length("transpose", in_, order, len(self.inputs[in_]) - 1, "axes")
        self.transpose[in_] = order

    def set_channel_swap(self, in_, order):
        """Which channel each of the input is, after the transposition: (2, 1, 0) makes BGR of RGB."""
        self.__check_input(in_)
        self.__check_length("channel swap", in_, order, self.inputs[in_][1], "channels")
        self.channel_swap[in_] = order

    def __check_length(self, what, in_, order, wanted, of_what):
        if len(order) != wanted:
            raise Exception(
                "%s of %r has %d %s. Expected %d, as the input has."
                % (what, in_, len(order), of_what, wanted)
            )

    def set_raw_scale(self, in_, scale):
        """Factor before the mean: 255 for nets that learned from bytes, for images are 0 to 1."""
        self.__check_input(in_)
        self.raw_scale[in_] = scale

    def set_mean(self, in_, mean):
        """What is subtracted: one value a channel, or (K, H, W), resized where it has to be.

        Raises ValueError where it has not as many channels as the input, or other axes.
        """
        self.__check_input(in_)
        shape = tuple(self.inputs[in_][1:])
        if mean.ndim == 1:
            if len(mean) != shape[0]:
                raise ValueError(
                    "mean of %r has %d values. Expected %d, one a channel."
                    % (in_, len(mean), shape[0])
                )
            mean = mean[:, np.newaxis, np.newaxis]
        elif mean.ndim not in (2, 3):
            raise ValueError(
                "mean of %r has shape %s. Expected (K,), (H, W) or (K, H, W)." % (in_, mean.shape)
            )
        elif (1,) * (3 - mean.ndim) + mean.shape != shape:
            low = mean.min()
            extent = (mean.max() - low) or 1
            unit = ((mean - low) / extent).transpose((1, 2, 0))
            mean = resize_image(unit, shape[1:]).transpose((2, 0, 1)) * extent + low
        self.mean[in_] = mean

    def set_input_scale(self, in_, scale):
        """Factor after the mean."""
        self.__check_input(in_)
        self.input_scale[in_] = scale


# Images


def load_image(filename, color=True):
    """An image file as float32 from 0 to 1: (H, W, 3), red first, or (H, W, 1) without color.

    An alpha channel is dropped; where colours become grey, what is transparent is white.
    Raises ImportError where Pillow is not installed, OSError where it is no image or not there.
    """
    image = _read_image(filename)
    if image.dtype == bool or not np.issubdtype(image.dtype, np.integer):
        image = image.astype(float)
    else:
        image = image / float(np.iinfo(image.dtype).max)
    if image.ndim == 3 and image.shape[2] == 2:
        image = image[:, :, 0]
    if image.ndim == 3 and not color:
        if image.shape[2] == 4:
            alpha = image[:, :, 3:]
            image = alpha * image[:, :, :3] + (1 - alpha)
        image = image @ _GREY
    if image.ndim == 2:
        image = image[:, :, np.newaxis].repeat(3 if color else 1, axis=2)
    return image[:, :, :3].astype(np.float32)


def _read_image(filename):
    """The pixels of a file as they are stored: (H, W), or (H, W, channels)."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            "caffe.io.load_image needs Pillow to read %s. Install it: pip install Pillow." % filename
        ) from None
    try:
        with Image.open(filename) as image:
            if image.mode == "I":
                # Older versions of Pillow give 16 bits so.
                return np.asarray(image).astype(np.uint16)
            is_plain = image.mode in ("1", "L", "LA", "RGB", "RGBA", "F") or "I;16" in image.mode
            return np.array(image if is_plain else image.convert("RGB"))
    except OSError:
        # What Pillow does not know, an address in the web for one, scikit-image may.
        try:
            from skimage.io import imread
        except ImportError:
            imread = None
        if imread is None:
            raise
        return imread(filename)


def resize_image(im, new_dims, interp_order=1):
    """An image (H, W, K) at the size new_dims = (height, width), float32.

    interp_order: 0 takes the nearest pixel, 1 (the default) goes straight from one pixel to the
    next; more needs scikit-image, or scipy for other channels than 1 or 3. With 1 or 3 channels
    pixels are squares that cover the same picture, beyond which lies the image's least value;
    with others they are points, and the outermost of both images are the same.
    Raises ValueError for other axes, ImportError where a library is missing.
    """
    if im.ndim != 3:
        raise ValueError("an image of shape %s. Expected (height, width, channels)." % (im.shape,))
    if im.shape[2] not in (1, 3):
        return _resize_points(im, new_dims, interp_order).astype(np.float32)
    low, high = im.min(), im.max()
    if not high > low:
        return np.full((new_dims[0], new_dims[1], im.shape[2]), low, dtype=np.float32)
    resized = _resize_squares((im - low) / (high - low), new_dims, interp_order)
    return (resized * (high - low) + low).astype(np.float32)


def _resize_squares(im, new_dims, order):
    if order in (0, 1):
        places = [(np.arange(to) + 0.5) * (n / to) - 0.5 for to, n in zip(new_dims, im.shape)]
        return _pick(im, places, order)
    try:
        from skimage.transform import resize
    except ImportError:
        raise ImportError(_missing(order, "scikit-image")) from None
    return resize(im, new_dims, order=order, mode="constant", anti_aliasing=False)


def _resize_points(im, new_dims, order):
    if order in (0, 1):
        places = [np.linspace(0, n - 1, to) for to, n in zip(new_dims, im.shape)]
        resized = _pick(im, places, order)
        if np.issubdtype(im.dtype, np.integer):
            # As scipy does it, which gives back integers for integers.
            return np.trunc(resized + np.copysign(0.5, resized))
        return resized
    try:
        from scipy.ndimage import zoom
    except ImportError:
        raise ImportError(_missing(order, "scipy")) from None
    return zoom(im, [to / n for to, n in zip(new_dims, im.shape)] + [1], order=order)


def _missing(order, library):
    return (
        "caffe.io.resize_image needs %s for interp_order %s. "
        "Install it (pip install %s), or take interp_order 0 or 1." % (library, order, library)
    )


def _pick(im, places, order):
    """The values at these rows and columns, which need not be whole numbers; 0 beyond the image."""
    values = im.astype(np.float64)
    for axis, at in enumerate(places):
        if order == 0:
            values = values.take(np.floor(at + 0.5).astype(int), axis)
            continue
        near = np.floor(at).astype(int)
        share = (at - near).reshape([-1 if i == axis else 1 for i in range(3)])
        padded = np.pad(values, [(1, 1) if i == axis else (0, 0) for i in range(3)])
        values = padded.take(near + 1, axis) * (1 - share) + padded.take(near + 2, axis) * share
    return values


def oversample(images, crop_dims):
    """Ten crops of each image: the four corners and the centre, then the same in a mirror.

    images: of the same shape (H, W, K); crop_dims: (height, width).
    Returns (10 N, height, width, K), float32. Raises ValueError where an image is too small.
    """
    height, width = (int(side) for side in crop_dims)
    rows, columns, channels = images[0].shape
    if height > rows or width > columns:
        raise ValueError("crops of %dx%d of images of %dx%d." % (height, width, rows, columns))
    bottom, right = rows - height, columns - width
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    crops = [im[y : y + height, x : x + width] for im in images for y, x in corners]
    stacked = np.array(crops, dtype=np.float32).reshape(len(images), 5, height, width, channels)
    return np.concatenate([stacked, stacked[:, :, :, ::-1]], axis=1).reshape(-1, *stacked.shape[2:])
