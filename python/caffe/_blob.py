"""Blobs, whose arrays are the engine's memory, and the lists that they come in."""

import numpy as np


class View:
    """Where one side of a blob lies, as far as is known: the id of its array, and its shape."""

    __slots__ = ("id", "shape", "count")

    def __init__(self, id_, shape):
        self.id = id_
        self.shape = tuple(shape)
        self.count = int(np.prod(self.shape, dtype=np.int64))


class Views(dict):
    """The views of a blob by side, which all objects of one blob have in common; the engine tells of every change."""

    __slots__ = ("__weakref__",)


class Blob:
    """
    An n-dimensional array of `data` and, beside it, of derivatives `diff`.

    `data` and `diff` are numpy arrays of the engine's own memory: what is written to them the next pass finds, and they
    stay valid when the net is gone.
    """

    __slots__ = ("_peer", "_number", "_views", "_owner", "__weakref__")

    def __init__(self, peer, number, views, owner):
        self._peer = peer
        self._number = number
        self._views = views
        self._owner = owner

    @property
    def data(self):
        return self._peer.array(self._number, self._views, "data")

    @property
    def diff(self):
        return self._peer.array(self._number, self._views, "diff")

    @property
    def shape(self):
        for view in self._views.values():
            return IntVec(view.shape)
        return IntVec(self._peer.call_of_blob("blob.shape", blob=self._number))

    def reshape(self, *shape, **kwargs):
        if kwargs:
            raise TypeError("Blob.reshape takes no kwargs")
        shape = [int(length) for length in shape]
        for view in self._views.values():
            if list(view.shape) == shape:
                return
        self._peer.call_of_blob("blob.reshape", blob=self._number, shape=shape)

    def _legacy(self, axis):
        shape = self.shape
        if len(shape) > 4:
            raise ValueError("a blob of %d axes has no num, channels, height and width." % len(shape))
        return shape[axis] if axis < len(shape) else 1

    @property
    def num(self):
        return self._legacy(0)

    @property
    def channels(self):
        return self._legacy(1)

    @property
    def height(self):
        return self._legacy(2)

    @property
    def width(self):
        return self._legacy(3)

    @property
    def count(self):
        return int(np.prod(self.shape, dtype=np.int64))


class IntVec(list):
    """A list of whole numbers, as pycaffe names it."""


class BlobVec(list):
    """The blobs of a layer."""

    _add = None

    def add_blob(self, *shape, **kwargs):
        """One more blob of that shape, all zeros: for a layer in Python, in its `setup`."""
        if kwargs:
            raise TypeError("BlobVec.add_blob takes no kwargs")
        if self._add is None:
            raise TypeError("add_blob is for the blobs of a layer in Python, in its setup.")
        self.append(self._add([int(length) for length in shape]))
