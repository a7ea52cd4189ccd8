"""Where a place in one blob lies in another, from the layers between them.

A map is (axis, scale, shift): a place x lies at scale * x + shift, from axis + 1 on. Scale and shift
are arrays, with one value for all axes or one for each. A layer that moves nothing has the map
(None, 1, 0).
"""

import numpy as np

from caffe.net_spec import layers as L

# Layers whose tops lie upon their bottoms.
PASS_THROUGH_LAYERS = [
    "AbsVal",
    "BatchNorm",
    "Bias",
    "BNLL",
    "Clip",
    "Dropout",
    "Eltwise",
    "ELU",
    "Exp",
    "Log",
    "LRN",
    "MVN",
    "Power",
    "PReLU",
    "ReLU",
    "Scale",
    "Sigmoid",
    "Split",
    "Swish",
    "TanH",
    "Threshold",
]


class UndefinedMapException(Exception):
    """A layer keeps no places, as InnerProduct does."""


class AxisMismatchException(Exception):
    """Two layers count their places from different axes on."""


def _check(is_so, message):
    # Not an assert statement, which python -O leaves out.
    if not is_so:
        raise AssertionError(message)


def conv_params(fn):
    """The axis of the channels, stride, kernel (with its dilation) and pad of a layer with a window.

    Raises AssertionError for kernel_h, pad_w and the like, KeyError without kernel_size.
    """
    params = fn.params
    for message in ("convolution_param", "pooling_param"):
        params = params.get(message, params)
    sided = ["%s_%s" % (name, side) for name in ("kernel", "pad", "stride") for side in "hw"]
    found = [name for name in sided if name in params or name in fn.params]
    _check(
        not found,
        "%s has %s. Expected kernel_size, pad and stride." % (fn.type_name, ", ".join(found)),
    )

    def each(value):
        return np.array(value, ndmin=1)

    kernel = (each(params["kernel_size"]) - 1) * each(params.get("dilation", 1)) + 1
    return params.get("axis", 1), each(params.get("stride", 1)), kernel, each(params.get("pad", 0))


def crop_params(fn):
    """The first axis that a Crop layer cuts, and its offset there."""
    params = fn.params.get("crop_param", fn.params)
    return params.get("axis", 2), np.array(params.get("offset", 0), ndmin=1)


def coord_map(fn):
    """Where a place in a layer's bottom lies in its top.

    Raises UndefinedMapException where the layer keeps no places.
    """
    if fn.type_name in ("Convolution", "Pooling", "Im2col"):
        axis, stride, kernel, pad = conv_params(fn)
        return axis, 1 / stride, (pad - (kernel - 1) / 2) / stride
    if fn.type_name == "Deconvolution":
        axis, stride, kernel, pad = conv_params(fn)
        return axis, stride, (kernel - 1) / 2 - pad
    if fn.type_name == "Crop":
        axis, offset = crop_params(fn)
        return axis - 1, 1, -offset
    if fn.type_name in PASS_THROUGH_LAYERS:
        return None, 1, 0
    raise UndefinedMapException("a %s layer keeps no places" % fn.type_name)


def compose(base_map, next_map):
    """The map that does next_map first, then base_map. Raises AxisMismatchException."""
    base_axis, base_scale, base_shift = base_map
    next_axis, next_scale, next_shift = next_map
    if base_axis is not None and next_axis is not None and base_axis != next_axis:
        raise AxisMismatchException(
            "layers that count places from axis %d and from axis %d on" % (base_axis, next_axis)
        )
    axis = next_axis if base_axis is None else base_axis
    return axis, base_scale * next_scale, base_scale * next_shift + base_shift


def inverse(coord_map):
    """The map back."""
    axis, scale, shift = coord_map
    return axis, 1 / scale, -shift / scale


def _ancestors(top):
    """The tops that this one comes from with their maps to it, itself first; each once."""
    maps = {top: (None, 1, 0)}
    pending = [top]
    while pending:
        reached = pending.pop(0)
        yield reached, maps[reached]
        bottoms = reached.fn.inputs
        if reached.fn.type_name == "Crop":
            # The second one gives a size, not places.
            bottoms = bottoms[:1]
        for bottom in bottoms:
            if bottom in maps:
                continue
            try:
                maps[bottom] = compose(maps[reached], coord_map(reached.fn))
            except UndefinedMapException:
                continue
            pending.append(bottom)


def coord_map_from_to(top_from, top_to):
    """Where a place in top_from lies in top_to, by way of a top that both come from.

    Raises RuntimeError where there is none, or only by layers that keep no places.
    """
    from_maps = dict(_ancestors(top_from))
    for top, to_map in _ancestors(top_to):
        if top in from_maps:
            return compose(to_map, inverse(from_maps[top]))
    raise RuntimeError(
        "no map between a top of %s and one of %s. Expected a top that both come from, and only "
        "layers that keep places on the way." % (top_from.fn.type_name, top_to.fn.type_name)
    )


def crop(top_from, top_to):
    """A Crop layer that cuts top_from to where top_to lies, and to its size.

    Raises AssertionError where the scales differ, or the offset is negative or no whole number.
    """
    axis, scale, shift = coord_map_from_to(top_from, top_to)
    scale, shift = np.array(scale, ndmin=1), np.array(shift, ndmin=1)
    _check((scale == 1).all(), "crop: the tops differ in scale, %s. Expected 1." % scale)
    _check((shift <= 0).all(), "crop: an offset of %s. Expected 0 or more." % -shift)
    _check((shift == shift.round()).all(), "crop: an offset of %s. Expected a whole number." % -shift)
    first = 2 if axis is None else axis + 1
    offset = [-int(value) for value in shift]
    return L.Crop(top_from, top_to, crop_param=dict(axis=first, offset=offset))
