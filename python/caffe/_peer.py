"""One end of the conversation with the engine: questions and answers over a socket, arrays in shared memory."""

import itertools
import mmap
import os
import threading
import traceback
import weakref
from collections import deque

import numpy as np

from ._blob import Blob, View, Views
from ._channel import Channel

# A gradient check runs nets in 64-bit floats.
_DTYPES = {"f32": np.float32, "f64": np.float64}
# An array that was not asked for during so many passes is not kept up to date any more.
_PASSES_KEPT = 8
# A thread that waits for its turn looks so often whether it may ask before.
_SECONDS_BETWEEN_TRIES = 0.005


class CaffeError(RuntimeError):
    """What the engine refuses, in its words."""

    __module__ = "caffe"


class EngineEnded(CaffeError):
    """The engine's process is gone."""


class Peer:
    """
    One end of the conversation. Whoever has asked waits for the answer, and meanwhile answers what the other asks.

    One thread speaks at a time; others wait for it.
    """

    def __init__(self, connection, handlers):
        self._channel = Channel(connection)
        self._handlers = handlers
        self._lock = threading.RLock()
        # Held while `is_in_users_code` changes, and by a thread that asks while another one runs a user's code.
        self._guests = threading.RLock()
        # Why there is nobody to talk to any more.
        self._ended = None
        # Mapped memory by the id of its array, until the engine says that the array is gone.
        self._memory = {}
        # The array over that memory which all views are made of, while one of them is in use.
        self._roots = {}
        # Those that are kept for the next access, and the pass in which each was last asked for.
        self._kept = {}
        self._pass = 0
        # Told with the next message: arrays that nothing here uses any more, and nets and solvers. The collector adds to
        # them at any moment, in any thread.
        self._released = deque()
        self._given_up = deque()
        self._views = weakref.WeakValueDictionary()
        self._exceptions = {}
        self._numbers = itertools.count(1)
        # A user's layer or callback is running.
        self.is_in_users_code = False
        _peers.add(self)

    # -- messages -----------------------------------------------------------------------------------------------

    def call(self, op, payload=b"", **fields):
        """Asks, and returns the answer; what the engine refuses is raised as CaffeError."""
        return self.undisturbed(self.exchange, op, payload, fields)

    def undisturbed(self, work, *arguments):
        """What `work` gives, which is done as one: no other thread speaks meanwhile."""
        with self._lock:
            return self.uninterrupted(work, *arguments)

    def undisturbed_as_guest(self, work, *arguments):
        """
        As `undisturbed`, for what `exchange` may ask while another thread runs a user's layer or callback: that may wait
        for this thread to end.
        """
        while not self._lock.acquire(timeout=_SECONDS_BETWEEN_TRIES):
            with self._guests:
                if self.is_in_users_code:
                    return self.uninterrupted(work, *arguments)
        try:
            return self.uninterrupted(work, *arguments)
        finally:
            self._lock.release()

    def uninterrupted(self, work, *arguments):
        """What `work` gives, which no signal breaks off."""
        return work(*arguments)

    def exchange(self, op, payload, fields):
        """Asks, in the midst of what is undisturbed."""
        return self._ask(op, payload, fields)

    def _enter_users_code(self, is_in_it):
        with self._guests:
            before, self.is_in_users_code = self.is_in_users_code, is_in_it
        return before

    def _ask(self, op, payload, fields):
        fields["op"] = op
        was_in_users_code = self._enter_users_code(False)
        try:
            self._send(fields, payload)
            while True:
                head, _ = self._receive()
                if "op" not in head:
                    return self._result(head)
                self._answer(head)
        finally:
            self._enter_users_code(was_in_users_code)

    def serve(self):
        """Answers what the engine asks, until it ends."""
        with self._lock:
            try:
                while True:
                    self._answer(self._receive()[0])
            except EngineEnded:
                pass

    def _answer(self, head):
        try:
            self._enter_users_code(True)
            result = self._handlers[head["op"]](self, head)
            self._enter_users_code(False)
            answer = {"ok": result}
        except EngineEnded:
            raise
        except BaseException as error:  # The engine hands it on to whoever has asked it.
            self._enter_users_code(False)
            number = next(self._numbers)
            self._exceptions[number] = error
            answer = {"error": {"kind": type(error).__name__, "message": self.describe(error), "id": number}}
        self._send(answer)

    def describe(self, error):
        """An exception in words, for the engine's own messages."""
        return "".join(traceback.format_exception_only(type(error), error)).strip()

    def _result(self, head):
        error = head.get("error")
        if error is None:
            self._exceptions.clear()
            return head["ok"] if "ok" in head else float(head["number"])
        raised = self._exceptions.pop(error.get("id"), None)
        if raised is None:
            raise CaffeError(error["message"])
        layer = error.get("layer")
        if layer is not None:
            _name_layer(raised, layer)
        raise raised

    def _send(self, head, payload=b""):
        if self._ended:
            raise EngineEnded(self._ended)
        if self._released:
            head["released"] = _drained(self._released)
        if self._given_up:
            head["given_up"] = _drained(self._given_up)
        try:
            self._channel.send(head, payload)
        except OSError:
            self._end()

    def _receive(self):
        try:
            head, payload = self._channel.receive()
        except (OSError, EOFError):
            self._end()
        for number, side in head.get("changed", ()):
            views = self._views.get(number)
            if views is not None:
                views.pop(side, None)
        for array in head.get("gone", ()):
            self._memory.pop(array, None)
            self._kept.pop(array, None)
        for layer in head.get("forgotten", ()):
            self._handlers["layer.forget"](self, layer)
        return head, payload

    def _end(self):
        self._ended = self._ended or self.farewell()
        self._channel.close()
        raise EngineEnded(self._ended)

    def farewell(self):
        """Why there is no engine any more, in words."""
        return "the engine is gone."

    def forked(self):
        """This process was forked from the one that talks to the engine, and has no part in that."""
        self._lock = threading.RLock()
        self._guests = threading.RLock()
        self._ended = (
            "this belongs to the process that the present one was forked from."
            " Make nets and solvers in the process that uses them."
        )
        self._channel.close()

    # -- what the engine holds for us ---------------------------------------------------------------------------

    def give_up(self, held):
        """Nothing here uses what the engine holds under that number any more; it is told with what is said next."""
        self._given_up.append(held)

    # -- blobs and their arrays ---------------------------------------------------------------------------------

    def blob(self, number, owner=None):
        """The blob of that number, which lives in the engine as long as its owner does."""
        views = self._views.get(number)
        if views is None:
            views = self._views[number] = Views()
        return Blob(self, number, views, owner)

    def call_of_blob(self, op, **fields):
        """As `call`, for what is asked of a blob."""
        return self.undisturbed_as_guest(self.exchange, op, b"", fields)

    def begin_pass(self):
        """Layers are about to run: what was not asked for during some passes is not kept for the next access."""
        self._pass += 1
        if not self._kept:
            return
        oldest = self._pass - _PASSES_KEPT
        for array, (_, last) in list(self._kept.items()):
            if last < oldest:
                self._kept.pop(array, None)

    def array(self, number, views, side):
        """One side of a blob: a view of the memory that the engine works on."""
        view = views.get(side)
        root = None
        if view is not None:
            kept = self._kept.get(view.id)
            if kept is not None:
                root = kept[0]
            else:
                reference = self._roots.get(view.id)
                root = reference() if reference else None
        if root is None:
            view, root = self.undisturbed_as_guest(self._open, number, views, side)
        self._kept[view.id] = (root, self._pass)
        elements = root if root.size == view.count else root[: view.count]
        return elements.reshape(view.shape)

    def _open(self, number, views, side):
        place = self.exchange("blob.array", b"", {"blob": number, "side": side})
        view = View(place["id"], place["shape"])
        path = place.get("path")
        if path is not None:
            descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
            try:
                self._memory[view.id] = mmap.mmap(descriptor, place["bytes"])
            finally:
                os.close(descriptor)
        reference = self._roots.get(view.id)
        root = reference() if reference else None
        if root is None:
            root = np.frombuffer(self._memory[view.id], _DTYPES[place["dtype"]])
            self._roots[view.id] = weakref.ref(root, self._release_of(view.id))
            # The array before it may have gone since the engine was asked, which is not to be told of that now.
            if view.id in self._released:
                self._released.remove(view.id)
        views[side] = view
        return view, root

    def _release_of(self, array):
        def release(reference):
            # A new array over the same memory may have taken its place.
            if self._roots.get(array) is reference:
                del self._roots[array]
                self._released.append(array)

        return release


def _drained(queue):
    taken = []
    while queue:
        taken.append(queue.popleft())
    return taken


def _name_layer(error, layer):
    """Says with an exception of a user's layer which layer that was: in a note, or as its cause where Python has none."""
    text = 'raised in layer "%s"' % layer
    if hasattr(error, "add_note"):
        if text not in getattr(error, "__notes__", ()):
            error.add_note(text)
    elif error.__cause__ is None:
        error.__cause__ = CaffeError(text)


_peers = weakref.WeakSet()


def _forked():
    for peer in list(_peers):
        peer.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
