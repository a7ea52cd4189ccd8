"""Layers in Python: what the engine asks of their classes."""

import importlib
import itertools
import os
import socket
import sys
import threading
import time
import traceback

from ._blob import BlobVec
from ._peer import Peer

# Files whose lines tell nothing about a user's mistake.
_PASSED_OVER = (os.path.dirname(__file__), os.path.dirname(importlib.__file__), "<frozen importlib")
_PHASES = {"TRAIN": 0, "TEST": 1}


class Layer:
    """
    Base of layers in Python: a class with setup, reshape, forward and backward, which get lists of blobs.

    Before `setup` it has `param_str`, `phase` (caffe.TRAIN or caffe.TEST) and `blobs`, to which setup may add.
    """

    type = "Python"
    phase = 1
    param_str = ""

    def __init__(self, *_):
        self.blobs = BlobVec()

    @property
    def param_str_(self):
        """param_str by its name of before 2015, which fast-rcnn's layers and those after them use."""
        return self.param_str

    def setup(self, bottom, top):
        raise NotImplementedError("%s has no setup" % type(self).__name__)

    def reshape(self, bottom, top):
        raise NotImplementedError("%s has no reshape" % type(self).__name__)

    def forward(self, bottom, top):
        raise NotImplementedError("%s has no forward" % type(self).__name__)

    def backward(self, top, propagate_down, bottom):
        raise NotImplementedError("%s has no backward" % type(self).__name__)


class _Running:
    """A layer of a net: its object, and the lists of blobs that it was called with."""

    def __init__(self, layer, number):
        self.layer = layer
        self.number = number
        self.lists = {}

    def blobs(self, peer, which, told):
        numbers = [number for number, _ in told]
        known = self.lists.get(which)
        if known is None or known[0] != numbers:
            known = (numbers, [peer.blob(number) for number in numbers])
            self.lists[which] = known
        return known[1]


_running = {}
_numbers = itertools.count(1)


def layer_of(number):
    """The object of the layer of that number."""
    return _running[number].layer


def _on_path(folders):
    """Lets modules beside the net be found too, behind all others."""
    known = {os.path.abspath(folder) for folder in sys.path}
    for folder in folders:
        path = os.path.abspath(folder)
        if path not in known:
            known.add(path)
            sys.path.append(path)


def _find(_, head):
    """"" where the module can be imported, "absent" where there is none, and else why it cannot be."""
    _on_path(head["folders"])
    module = head["module"]
    try:
        importlib.import_module(module)
        return ""
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(error.name + ".")):
            return "absent"
        return str(error)
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)


def _make(_, head):
    _on_path(head["folders"])
    module = importlib.import_module(head["module"])
    name = head["layer"]
    cls = getattr(module, name, None)
    if not (isinstance(cls, type) and issubclass(cls, Layer)):
        raise TypeError("module \"%s\" has no class %s that derives from caffe.Layer." % (head["module"], name))
    layer = cls(None)
    number = next(_numbers)
    _running[number] = _Running(layer, head["layerNumber"])
    return number


def _begin(peer, head):
    running = _running[head["layer"]]
    layer = running.layer
    blobs = BlobVec(peer.blob(number) for number, _ in head["blobs"])

    def add(shape):
        return peer.blob(peer.call("layer.addBlob", layer=running.number, shape=shape))

    blobs._add = add
    layer.blobs = blobs
    layer.param_str = head["param_str"]
    layer.phase = _PHASES[head["phase"]]


def _run(peer, head):
    running = _running[head["layer"]]
    bottom = running.blobs(peer, "bottom", head["bottom"])
    top = running.blobs(peer, "top", head["top"])
    method = head["method"]
    if method == "backward":
        running.layer.backward(top, head["propagate_down"], bottom)
    else:
        getattr(running.layer, method)(bottom, top)


def _forget(_, number):
    _running.pop(number, None)


# Functions of the user's that the engine calls by number.
_callbacks = {}


def add_callback(function):
    """The number by which the engine calls a function."""
    number = next(_numbers)
    _callbacks[number] = function
    return number


def forget_callback(number):
    """The engine does not call it any more."""
    _callbacks.pop(number, None)


def _call_back(_, head):
    _callbacks[head["id"]](*head["args"])


handlers = {
    "layer.find": _find,
    "layer.make": _make,
    "layer.begin": _begin,
    "layer.run": _run,
    "layer.forget": _forget,
    "callback.run": _call_back,
}


class _Host(Peer):
    """The engine that has started this process for its layers."""

    def describe(self, error):
        shown = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_PASSED_OVER)]
        begin = ["Traceback (most recent call last):\n"] if shown else []
        return "".join(begin + traceback.format_list(shown) + traceback.format_exception_only(type(error), error)).strip()


def main(parent):
    """
    Runs layers for the engine that has started this process, and ends with it; what they make themselves has an engine of
    its own.
    """
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _Host(socket.socket(fileno=3), handlers).serve()


def _end_with(parent):
    # A layer that takes long hears of no end by itself.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
