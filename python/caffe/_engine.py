"""The conversation with the engine, a program of its own: questions and answers over a socket, arrays in shared memory."""

import atexit
import json
import mmap
import os
import shutil
import socket
import struct
import subprocess
import threading
import traceback
import weakref

import numpy as np

_PREFIX = struct.Struct("<II")
# An array that was not asked for during so many passes is not kept up to date any more.
_PASSES_KEPT = 8


class CaffeError(RuntimeError):
    """What the engine refuses, in its words."""


class EngineEnded(CaffeError):
    """The engine's process is gone."""


def _find_engine():
    """The engine's command: of CAFFE_TS_HOME, of the package this file lies in, or of npm's global folder."""
    tried = []

    def command_in(home):
        path = os.path.join(home, "bin", "caffe")
        tried.append(path)
        return path if os.path.isfile(path) else None

    home = os.environ.get("CAFFE_TS_HOME")
    if home:
        found = command_in(home)
    else:
        # A link to the package, as in the place of an older pycaffe, leads to the engine too.
        here = os.path.dirname(os.path.realpath(__file__))
        found = command_in(os.path.dirname(os.path.dirname(here)))
        npm = None if found else shutil.which("npm")
        if npm:
            root = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False).stdout.strip()
            found = command_in(os.path.join(root, "caffe-ts")) if root else None
    if found:
        return found
    raise CaffeError(
        "the engine of caffe-ts is not found; looked at %s. Set CAFFE_TS_HOME to the folder of caffe-ts,"
        " or install it with: npm install -g caffe-ts" % ", ".join(tried)
    )


class _View:
    """Where one side of a blob lies, as far as is known: the id of its array, and its shape."""

    __slots__ = ("id", "shape", "count")

    def __init__(self, id_, shape):
        self.id = id_
        self.shape = tuple(shape)
        self.count = int(np.prod(self.shape, dtype=np.int64))


class Peer:
    """
    One end of the conversation. Whoever has asked waits for the answer, and meanwhile answers what the other asks.

    One thread speaks at a time; others wait for it.
    """

    def __init__(self, connection, handlers):
        self._connection = connection
        self._handlers = handlers
        self._lock = threading.RLock()
        self._received = bytearray()
        self._ended = None
        # Mapped memory by the id of its array, until the engine says that the array is gone.
        self._memory = {}
        # The array over that memory which all views are made of, while one of them is in use.
        self._roots = {}
        # Those that are kept for the next access, and the pass in which each was last asked for.
        self._kept = {}
        self._pass = 0
        self._released = []
        self._given_up = []
        self._blobs = weakref.WeakValueDictionary()
        self._exceptions = {}
        self._depth = 0

    # -- messages -----------------------------------------------------------------------------------------------

    def call(self, op, payload=b"", **fields):
        """Asks, and returns the answer; what the engine refuses is raised as CaffeError."""
        return self.exchange(op, payload, fields)[0]

    def exchange(self, op, payload, fields):
        """As `call`; the answer and the bytes beside it."""
        with self._lock:
            if not self._depth:
                self._give_up()
            return self._ask(op, payload, fields)

    def _ask(self, op, payload, fields):
        fields["op"] = op
        self._depth += 1
        interrupt = None
        try:
            self._send(fields, payload)
            while True:
                try:
                    head, payload = self._receive()
                except KeyboardInterrupt as error:
                    if interrupt or not self.interrupt():
                        self._end("it was left in the middle of an answer")
                        raise
                    interrupt = error
                    continue
                if "op" in head:
                    self._answer(head, payload)
                    continue
                if interrupt:
                    raise interrupt
                return self._result(head), payload
        finally:
            self._depth -= 1

    def serve(self):
        """Answers what the engine asks, until it ends."""
        with self._lock:
            self._depth += 1
            while True:
                try:
                    head, payload = self._receive()
                except EngineEnded:
                    return
                self._answer(head, payload)

    def interrupt(self):
        """Asks the engine to stop what it does when it can; whether it was asked."""
        return False

    def _answer(self, head, payload):
        try:
            result = self._handlers[head["op"]](self, head)
            self._send({"ok": result}, b"")
        except EngineEnded:
            raise
        except BaseException as error:  # The engine hands it on to whoever has asked it.
            number = len(self._exceptions) + 1
            self._exceptions[number] = error
            self._send({"error": {"kind": type(error).__name__, "message": self.describe(error), "id": number}}, b"")

    def describe(self, error):
        """An exception in words, for the engine's own messages."""
        return "".join(traceback.format_exception_only(type(error), error)).strip()

    def _result(self, head):
        error = head.get("error")
        if error is None:
            self._exceptions.clear()
            return head.get("ok")
        raised = self._exceptions.pop(error.get("id"), None)
        if raised is not None:
            raise raised
        raise CaffeError(error["message"])

    def _send(self, head, payload):
        if self._ended:
            raise EngineEnded(self._ended)
        if self._released:
            released, self._released = self._released, []
            head["released"] = released
        text = json.dumps(head).encode()
        message = _PREFIX.pack(len(text), len(payload)) + text
        try:
            self._connection.sendall(message)
            if len(payload):
                self._connection.sendall(payload)
        except OSError:
            self._end("it cannot be reached")

    def _receive(self):
        length, payload_length = _PREFIX.unpack(self._take(_PREFIX.size))
        head = json.loads(self._take(length))
        payload = self._take(payload_length) if payload_length else b""
        for number, side in head.get("changed", ()):
            blob = self._blobs.get(number)
            if blob is not None:
                blob._views.pop(side, None)
        for array in head.get("gone", ()):
            self._memory.pop(array, None)
            self._kept.pop(array, None)
        for layer in head.get("forgotten", ()):
            self._handlers["layer.forget"](self, layer)
        return head, payload

    def _take(self, length):
        received = self._received
        while len(received) < length:
            try:
                part = self._connection.recv(max(65536, length - len(received)))
            except OSError:
                part = b""
            if not part:
                self._end("it has ended")
            received += part
        taken = bytes(received[:length])
        del received[:length]
        return taken

    def _end(self, how):
        self._ended = self._ended or self.farewell(how)
        self._connection.close()
        raise EngineEnded(self._ended)

    def farewell(self, how):
        """Why there is no engine any more, in words."""
        return "the engine is gone: %s." % how

    # -- what the engine holds for us ---------------------------------------------------------------------------

    def give_up(self, held):
        """Nothing here uses what the engine holds under that number any more; it is told at the next occasion."""
        self._given_up.append(held)

    def _give_up(self):
        while self._given_up:
            self._ask("held.release", b"", {"held": self._given_up.pop()})

    # -- blobs and their arrays ---------------------------------------------------------------------------------

    def blob(self, number, owner=None):
        """The blob of that number, which lives in the engine as long as its owner does."""
        blob = self._blobs.get(number)
        if blob is None:
            blob = Blob(self, number)
            self._blobs[number] = blob
        if owner is not None:
            blob._owner = owner
        return blob

    def begin_pass(self):
        """Layers are about to run: what was not asked for during some passes is not kept for the next access."""
        self._pass += 1
        if not self._kept:
            return
        oldest = self._pass - _PASSES_KEPT
        for array in [array for array, (_, last) in self._kept.items() if last < oldest]:
            del self._kept[array]

    def array(self, blob, side):
        """One side of a blob: a view of the memory that the engine works on."""
        view = blob._views.get(side)
        root = None
        if view is not None:
            kept = self._kept.get(view.id)
            reference = None if kept else self._roots.get(view.id)
            root = kept[0] if kept else reference() if reference else None
        if root is None:
            view, root = self._open(blob, side)
        self._kept[view.id] = (root, self._pass)
        elements = root if root.size == view.count else root[: view.count]
        return elements.reshape(view.shape)

    def _open(self, blob, side):
        with self._lock:
            place = self.call("blob.array", blob=blob._number, side=side)
            view = _View(place["id"], place["shape"])
            path = place.get("path")
            if path is not None:
                descriptor = os.open(path, os.O_RDWR)
                try:
                    self._memory[view.id] = mmap.mmap(descriptor, place["bytes"])
                finally:
                    os.close(descriptor)
            reference = self._roots.get(view.id)
            root = reference() if reference else None
            if root is None:
                root = np.frombuffer(self._memory[view.id], np.float32)
                self._roots[view.id] = weakref.ref(root, self._release_of(view.id))
            if side in ("data", "diff"):
                blob._views[side] = view
            return view, root

    def _release_of(self, array):
        def release(reference):
            # A new array over the same memory may have taken its place.
            if self._roots.get(array) is reference:
                del self._roots[array]
                self._released.append(array)

        return release


class Blob:
    """
    An n-dimensional array of `data` and, beside it, of derivatives `diff`.

    `data` and `diff` are numpy arrays of the engine's own memory: what is written to them the next pass finds, and they
    stay valid when the net is gone.
    """

    __slots__ = ("_peer", "_number", "_owner", "_views", "__weakref__")

    def __init__(self, peer, number):
        self._peer = peer
        self._number = number
        self._owner = None
        self._views = {}

    @property
    def data(self):
        return self._peer.array(self, "data")

    @property
    def diff(self):
        return self._peer.array(self, "diff")

    @property
    def shape(self):
        view = self._views.get("data")
        # While its array is kept, the engine tells of every change.
        if view is not None and view.id in self._peer._roots:
            return IntVec(view.shape)
        return IntVec(self._peer.call("blob.shape", blob=self._number))

    def reshape(self, *shape, **kwargs):
        if kwargs:
            raise CaffeError("Blob.reshape takes no kwargs")
        shape = [int(length) for length in shape]
        view = self._views.get("data")
        if view is not None and list(view.shape) == shape and view.id in self._peer._roots:
            return
        self._peer.call("blob.reshape", blob=self._number, shape=shape)

    def _legacy(self, axis):
        shape = self.shape
        if len(shape) > 4:
            raise CaffeError("a blob of %d axes has no num, channels, height and width." % len(shape))
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
            raise CaffeError("BlobVec.add_blob takes no kwargs")
        if self._add is None:
            raise CaffeError("blobs are added in the setup of a layer in Python alone.")
        self.append(self._add([int(length) for length in shape]))


class Engine(Peer):
    """The engine's process, as one that is started here and ends with this one."""

    def __init__(self, handlers):
        ours, theirs = socket.socketpair()
        node = os.environ.get("CAFFE_NODE") or shutil.which("node")
        if not node:
            raise CaffeError("node is not found, which the engine runs in. Install Node.js 20 or newer, or set CAFFE_NODE.")
        descriptor = str(theirs.fileno())
        self._process = subprocess.Popen(
            [node, _find_engine(), "bridge", "--input=" + descriptor, "--output=" + descriptor, "--python"],
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            # The terminal's Ctrl-C is for Python, which tells the engine.
            start_new_session=True,
        )
        theirs.close()
        self._owner_pid = os.getpid()
        super().__init__(ours, handlers)

    def interrupt(self):
        import signal

        self._process.send_signal(signal.SIGINT)
        return True

    def farewell(self, how):
        try:
            code = self._process.wait(2)
        except subprocess.TimeoutExpired:
            code = None
        ended = "" if code is None else " (exit code %d)" % code
        return "the engine is gone%s: %s. What it said stands on standard error; start Python anew." % (ended, how)

    def check_process(self):
        if os.getpid() != self._owner_pid:
            raise CaffeError(
                "this process was forked after caffe had started its engine, which belongs to the first one."
                " Import and use caffe after the fork, or use multiprocessing's start method \"spawn\"."
            )

    def close(self):
        if os.getpid() == self._owner_pid:
            self._connection.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()


_engine = None
_starting = threading.Lock()


def engine():
    """The engine of this process, started at first use."""
    global _engine
    if _engine is None:
        with _starting:
            if _engine is None:
                from ._layers import handlers

                started = Engine(handlers)
                atexit.register(started.close)
                _engine = started
    _engine.check_process()
    return _engine

