"""Nets written in Python, as caffe.proto's messages.

    from caffe import layers as L, params as P, NetSpec

    n = NetSpec()
    n.data = L.Input(shape=dict(dim=[1, 3, 32, 32]))
    n.conv = L.Convolution(n.data, num_output=8, kernel_size=3)
    n.pool = L.Pooling(n.conv, pool=P.Pooling.MAX, kernel_size=2, stride=2)
    print(n.to_proto())

A NetSpec names layers and blobs after its attributes. What has no attribute is named after its
type and counted: Convolution1, Convolution2.
"""

from collections import Counter, OrderedDict

from google.protobuf.descriptor import FieldDescriptor

from caffe.proto import caffe_pb2

_WHOLE = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
)


def param_name_dict():
    """The fields of LayerParameter that hold parameters, without `_param`, by their messages' names.

    {"Convolution": "convolution", "InnerProduct": "inner_product", ...}: a layer type whose message
    bears its name takes that message's fields as arguments of its own.
    """
    names = {}
    for field in caffe_pb2.LayerParameter.DESCRIPTOR.fields:
        if field.message_type is not None and field.name.endswith("_param"):
            message = field.message_type.name[: -len("Parameter")]
            name = field.name[: -len("_param")]
            # Forks have further fields of some messages; those of Caffe are named like them, or first.
            if message not in names or name.replace("_", "") == message.lower():
                names[message] = name
    return names


def to_proto(*tops):
    """A NetParameter of the layers that these tops are computed by."""
    return _net_of(tops, {})


def _net_of(tops, names):
    layers = OrderedDict()
    autonames = Counter()
    for top in tops:
        top._to_proto(layers, names, autonames)
    net = caffe_pb2.NetParameter()
    net.layer.extend(layers.values())
    return net


def assign_proto(proto, name, val):
    """Sets a message's field: lists fill repeated fields, dicts messages, anything else is the value.

    One value for a repeated field is a list of one; 2.0 is a whole number, as 4 / 2 gives it in
    Python 3. Raises AttributeError where there is no such
    field, TypeError where the value is of another type.
    """
    field = getattr(proto, name)
    is_whole = proto.DESCRIPTOR.fields_by_name[name].cpp_type in _WHOLE
    if hasattr(field, "extend"):
        for item in val if isinstance(val, (list, tuple)) else [val]:
            if isinstance(item, dict):
                _assign_fields(field.add(), item)
            else:
                field.append(_as_whole(item) if is_whole else item)
    elif isinstance(val, dict):
        _assign_fields(field, val)
    else:
        setattr(proto, name, _as_whole(val) if is_whole else val)


def _as_whole(value):
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _assign_fields(proto, values):
    for name, value in values.items():
        assign_proto(proto, name, value)


class Top(object):
    """One of the blobs that a layer makes: the n-th top of the Function fn."""

    def __init__(self, fn, n):
        self.fn = fn
        self.n = n

    def to_proto(self):
        """A NetParameter of the layers that this top is computed by."""
        return to_proto(self)

    def _to_proto(self, layers, names, autonames):
        return self.fn._to_proto(layers, names, autonames)


class Function(object):
    """A layer: its type, the Tops that it reads, and its parameters.

    Of the parameters, `ntop` says how many tops it makes (1), and `in_place` whether these are its
    bottoms. Raises TypeError where an input is no Top.
    """

    def __init__(self, type_name, inputs, params):
        for index, given in enumerate(inputs):
            if not isinstance(given, Top):
                raise TypeError(
                    "%s input %d is not a Top (type is %s)" % (type_name, index, type(given))
                )
        self.type_name = type_name
        self.inputs = inputs
        self.params = params
        self.ntop = params.pop("ntop", 1)
        self.in_place = params.pop("in_place", False)
        self.tops = tuple(Top(self, n) for n in range(self.ntop))

    def _auto_name(self, autonames):
        autonames[self.type_name] += 1
        return "%s%d" % (self.type_name, autonames[self.type_name])

    def _get_name(self, names, autonames):
        if self not in names:
            if self.ntop > 0:
                names[self] = self._get_top_name(self.tops[0], names, autonames)
            else:
                names[self] = self._auto_name(autonames)
        return names[self]

    def _get_top_name(self, top, names, autonames):
        if top not in names:
            names[top] = self._auto_name(autonames)
        return names[top]

    def _to_proto(self, layers, names, autonames):
        if self in layers:
            return
        layer = caffe_pb2.LayerParameter(type=self.type_name)
        for top in self.inputs:
            top._to_proto(layers, names, autonames)
            layer.bottom.append(layers[top.fn].top[top.n])
        if self.in_place:
            layer.top.extend(layer.bottom)
        else:
            layer.top.extend(self._get_top_name(top, names, autonames) for top in self.tops)
        layer.name = self._get_name(names, autonames)
        for name, value in self.params.items():
            assign_proto(self._message_with(layer, name), name, value)
        layers[self] = layer

    def _message_with(self, layer, name):
        """The layer's own parameters where they have such a field, else the layer."""
        own = _param_names.get(self.type_name)
        fields = layer.DESCRIPTOR.fields_by_name
        own_fields = fields[own + "_param"].message_type.fields_by_name if own else {}
        # `param`, `transform_param` and their like are the layer's first.
        if name in own_fields and not (name.endswith("param") and name in fields):
            return getattr(layer, own + "_param")
        if name in fields:
            return layer
        known = ", ".join(own_fields.keys()) or "a field of LayerParameter: ..._param=dict(%s=...)" % name
        raise AttributeError(
            "layer %r (%s): no parameter %r. Expected %s." % (layer.name, self.type_name, name, known)
        )


class UnknownTop(KeyError, AttributeError):
    """A NetSpec has no top of that name: a KeyError as in pycaffe, and what getattr and hasattr want."""


class NetSpec(object):
    """A net whose tops are its attributes, or its items: assigning one names it, and its layer.

    As in SSD's Caffe and those after it, `keys()` and `vals()` list names and tops, `update(name,
    params)` sets parameters of a top's layer, and `del n[name]` takes one out. Tops that bear one
    of these names come first, as in BVLC's.
    """

    def __init__(self):
        super(NetSpec, self).__setattr__("tops", OrderedDict())

    def __setattr__(self, name, value):
        self.tops[name] = value

    def __getattr__(self, name):
        tops = self.__dict__.get("tops", {})
        if name in tops:
            return tops[name]
        if name in ("keys", "vals", "update"):
            return getattr(self, "_" + name)
        raise UnknownTop(name)

    def __setitem__(self, key, value):
        self.__setattr__(key, value)

    def __getitem__(self, item):
        return self.__getattr__(item)

    def __delitem__(self, name):
        del self.tops[name]

    def _keys(self):
        return list(self.tops)

    def _vals(self):
        return list(self.tops.values())

    def _update(self, name, params):
        top = self.tops[name]
        fn = top.fn if isinstance(top, Top) else top
        fn.params.update(params)

    def to_proto(self):
        """A NetParameter of the layers that the tops are computed by, in the order of assignment."""
        return _net_of(self.tops.values(), {top: name for name, top in self.tops.items()})


class Layers(object):
    """`layers`, or `L`: L.Convolution(bottom, kernel_size=3) is the top of a layer of that type.

    With `ntop` it is a tuple of tops, with ntop=0 the Function.
    """

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def layer_fn(*args, **kwargs):
            fn = Function(name, args, kwargs)
            if fn.ntop == 0:
                return fn
            return fn.tops[0] if fn.ntop == 1 else fn.tops

        return layer_fn


class Parameters(object):
    """`params`, or `P`: P.Pooling.MAX is the value MAX of PoolingParameter."""

    def __getattr__(self, name):
        return getattr(caffe_pb2, name + "Parameter")


_param_names = param_name_dict()
layers = Layers()
params = Parameters()
