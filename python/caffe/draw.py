"""Pictures of nets, by Graphviz.

Needs pydot (or pydotplus) to make a graph, and Graphviz's program dot to make a picture of it.
"""

from .proto import caffe_pb2

LAYER_STYLE_DEFAULT = {"shape": "record", "fillcolor": "#6495ED", "style": "filled"}
NEURON_LAYER_STYLE = {"shape": "record", "fillcolor": "#90EE90", "style": "filled"}
BLOB_STYLE = {"shape": "octagon", "fillcolor": "#E0E0E0", "style": "filled"}

_COLORS = {
    "Convolution": "#FF5050",
    "Deconvolution": "#FF5050",
    "Pooling": "#FF9900",
    "InnerProduct": "#CC33FF",
}
# Those whose learning rates are shown.
_LEARNING = ("Convolution", "Deconvolution", "InnerProduct")
_NO_LABEL = '""'


def _pydot():
    try:
        import pydotplus

        return pydotplus
    except ImportError:
        pass
    try:
        import pydot

        return pydot
    except ImportError:
        raise ImportError("caffe.draw needs pydot. Install it: pip install pydot.") from None


def get_pooling_types_dict():
    """The names of the ways to pool, by their numbers."""
    methods = caffe_pb2.PoolingParameter.PoolMethod.DESCRIPTOR
    return {value.number: value.name for value in methods.values}


def get_edge_label(layer):
    """What stands at the edge to a layer's top: its batch or its number of outputs, else nothing."""
    if layer.type == "Data":
        return "Batch %d" % layer.data_param.batch_size
    if layer.type in ("Convolution", "Deconvolution"):
        return str(layer.convolution_param.num_output)
    if layer.type == "InnerProduct":
        return str(layer.inner_product_param.num_output)
    return _NO_LABEL


def get_layer_lr_mult(layer):
    """The factors of the learning rate of a layer's weights and bias, 1 where none is given.

    Raises ValueError for layers that are no Convolution, Deconvolution or InnerProduct, and for
    more than two factors.
    """
    if layer.type not in _LEARNING:
        raise ValueError("%s layers do not have a learning rate multiplier" % layer.type)
    factors = [param.lr_mult for param in layer.param]
    if len(factors) > 2:
        raise ValueError(
            "layer %r (%s): %d of param. Expected two, for weights and bias."
            % (layer.name, layer.type, len(factors))
        )
    return tuple(factors + [1.0] * (2 - len(factors)))


def _extent(param, name, sided, default):
    """A window's length, `3`, or `3x5` where height and width are given each."""
    both = [getattr(param, "%s_%s" % (sided, side)) for side in "hw"]
    if any(param.HasField("%s_%s" % (sided, side)) for side in "hw"):
        return "%dx%d" % tuple(both)
    given = getattr(param, name)
    if hasattr(given, "extend"):
        given = given[0] if len(given) else default
    return "%d" % given


def get_layer_label(layer, rankdir, display_lrm=False):
    """What stands in a layer's node: name, type, window and, on demand, factors of the learning rate.

    rankdir: with "TB" and "BT" these stand in one line, else in a line each.
    """
    separator = " " if rankdir in ("TB", "BT") else r"\n"
    parts = [layer.name]
    param = layer.convolution_param
    if layer.type == "Pooling":
        param = layer.pooling_param
        parts.append("(%s %s)" % (layer.type, get_pooling_types_dict()[param.pool]))
    else:
        parts.append("(%s)" % layer.type)
    if layer.type in ("Convolution", "Deconvolution", "Pooling"):
        parts.append("kernel size: " + _extent(param, "kernel_size", "kernel", 1))
        parts.append("stride: " + _extent(param, "stride", "stride", 1))
        parts.append("pad: " + _extent(param, "pad", "pad", 0))
    if display_lrm and layer.type in _LEARNING:
        factors = get_layer_lr_mult(layer)
        if any(factors):
            parts.append("lr mult: %.1f, %.1f" % factors)
    return '"%s"' % separator.join(parts).replace('"', r"\"")


def choose_color_by_layertype(layertype):
    """The colour of a layer's node."""
    return _COLORS.get(layertype, LAYER_STYLE_DEFAULT["fillcolor"])


def _is_in_phase(layer, phase):
    """Whether the phases of a layer's rules let it in; rules that name none say nothing here."""
    if layer.include and layer.exclude:
        raise ValueError("layer %r has both include and exclude. Expected one." % layer.name)
    if layer.include:
        return any(not rule.HasField("phase") or rule.phase == phase for rule in layer.include)
    return not any(rule.HasField("phase") and rule.phase == phase for rule in layer.exclude)


def get_pydot_graph(caffe_net, rankdir, label_edges=True, phase=None, display_lrm=False):
    """A graph of a NetParameter: a node for each layer and blob, an edge for each bottom and top.

    rankdir: where it runs: "LR", "TB", "BT" or "RL".
    label_edges: whether edges tell batches and numbers of outputs.
    phase: caffe.TRAIN or caffe.TEST for the layers of that phase, None (the default) for all.
    display_lrm: whether layers tell their factors of the learning rate.
    Raises ImportError where there is no pydot, ValueError where a layer includes and excludes.
    """
    pydot = _pydot()
    graph = pydot.Dot(caffe_net.name or "Net", graph_type="digraph", rankdir=rankdir)
    nodes = {}
    edges = []

    def blob_of(name, **style):
        # A colon would tell a port.
        nodes[name + "_blob"] = pydot.Node('"%s"' % name if ":" in name else name, **style)
        return name + "_blob"

    for layer in caffe_net.layer:
        if phase is not None and not _is_in_phase(layer, phase):
            continue
        label = get_layer_label(layer, rankdir, display_lrm=display_lrm)
        node = "%s_%s" % (layer.name, layer.type)
        if len(layer.bottom) == 1 and list(layer.bottom) == list(layer.top):
            style = NEURON_LAYER_STYLE
        else:
            style = dict(LAYER_STYLE_DEFAULT, fillcolor=choose_color_by_layertype(layer.type))
        nodes[node] = pydot.Node(label, **style)
        for bottom in layer.bottom:
            edges.append((blob_of(bottom, **BLOB_STYLE), node, _NO_LABEL))
        for top in layer.top:
            label = get_edge_label(layer) if label_edges else _NO_LABEL
            # A blob that a later layer reads gets its style there.
            edges.append((node, blob_of(top), label))
    for node in nodes.values():
        graph.add_node(node)
    for source, target, label in edges:
        graph.add_edge(pydot.Edge(nodes[source], nodes[target], label=label))
    return graph


def draw_net(caffe_net, rankdir, ext="png", phase=None, display_lrm=False):
    """The bytes of a picture of a net, of a format that Graphviz knows; "raw" is the graph's text.

    Raises FileNotFoundError where Graphviz is not installed; the rest is as in get_pydot_graph.
    """
    graph = get_pydot_graph(caffe_net, rankdir, phase=phase, display_lrm=display_lrm)
    if ext == "raw":
        return graph.to_string().encode()
    try:
        return graph.create(format=ext)
    except Exception as error:
        # pydot raises an OSError, pydotplus an error of its own.
        if isinstance(error, OSError) or type(error).__name__ == "InvocationException":
            raise FileNotFoundError(
                "caffe.draw needs Graphviz's program dot to draw %s: %s. "
                "Install it: apt-get install graphviz." % (ext, error)
            ) from error
        raise


def draw_net_to_file(caffe_net, filename, rankdir="LR", phase=None, display_lrm=False):
    """Draws a net into a file, whose ending tells the format."""
    ext = filename[filename.rfind(".") + 1 :]
    picture = draw_net(caffe_net, rankdir, ext, phase, display_lrm)
    with open(filename, "wb") as file:
        file.write(picture)
