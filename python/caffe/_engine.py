"""The engine: a program of its own, started at first use, which ends with this process."""

import atexit
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading

# What `signal` is made of: the module itself turns numbers into names, which takes longer than a message.
import _signal

from ._peer import CaffeError, EngineEnded, Peer

# How long a process whose connection is closed may take to end.
_SECONDS_TO_END = 5


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
    if not found:
        raise CaffeError(
            "the engine of caffe-ts is not found; looked at %s. Set CAFFE_TS_HOME to the folder of caffe-ts,"
            " or install it with: npm install -g caffe-ts" % ", ".join(tried)
        )
    if not os.path.isfile(os.path.join(os.path.dirname(found), "..", "dist", "cli", "main.js")):
        raise CaffeError("%s has not been built. Run npm run setup in its folder." % found)
    return found


def _find_node():
    wanted = os.environ.get("CAFFE_NODE")
    node = shutil.which(wanted or "node")
    if node:
        return node
    if wanted:
        raise CaffeError("CAFFE_NODE is %s, which cannot be run. Expected Node.js 20 or newer." % wanted)
    raise CaffeError("node is not found, which the engine runs in. Install Node.js 20 or newer, or set CAFFE_NODE.")


def _connection():
    """
    Two ends of a connection on which reading waits, whatever socket.setdefaulttimeout says.

    Where standard streams are closed their descriptors are free: what is printed must not become a message.
    """
    ends = []
    for end in socket.socketpair():
        with end:
            ends.append(socket.socket(fileno=fcntl.fcntl(end.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)))
        ends[-1].settimeout(None)
    return ends


class Engine(Peer):
    """The engine's process. Ctrl-C asks it to stop what it does as soon as that is whole."""

    def __init__(self, handlers):
        command = [_find_node(), _find_engine(), "bridge", "--python"]
        ours, theirs = _connection()
        descriptor = theirs.fileno()
        self._process = subprocess.Popen(
            command + ["--input=%d" % descriptor, "--output=%d" % descriptor],
            stdin=subprocess.DEVNULL,
            pass_fds=[descriptor],
            # The terminal's Ctrl-C is for Python, which tells the engine.
            start_new_session=True,
        )
        theirs.close()
        self._owner_pid = os.getpid()
        self._folder = os.getcwd()
        self._interrupted = None
        self._is_held = False
        super().__init__(ours, handlers)
        self.version = self.call("version")

    def uninterrupted(self, work, *arguments):
        previous = None if self._is_held else self._hold_interrupts()
        if previous is None:
            return work(*arguments)
        try:
            return work(*arguments)
        finally:
            self._let_interrupts(previous)

    def exchange(self, op, payload, fields):
        """As `_ask`, with the folder that files are named from where this program has gone by now."""
        try:
            folder = os.getcwd()
        except FileNotFoundError:
            folder = self._folder
        if folder != self._folder:
            self._ask("setFolder", b"", {"folder": folder})
            self._folder = folder
        return self._ask(op, payload, fields)

    # An exception between two bytes of a message would leave the rest of it to the next reader, and one behind a message
    # would lose what it says. So Ctrl-C is held back until the answer has been taken.

    def _hold_interrupts(self):
        """The handler of Ctrl-C that waits, where there is one and it is this thread's affair."""
        if threading.current_thread() is not threading.main_thread():
            return None
        previous = _signal.getsignal(_signal.SIGINT)
        if not callable(previous):
            return None
        self._interrupted = None
        try:
            _signal.signal(_signal.SIGINT, self._on_interrupt)
        except ValueError:  # In an interpreter beside the main one.
            return None
        self._is_held = True
        return previous

    def _let_interrupts(self, previous):
        # The handler may raise as soon as it is back.
        self._is_held = False
        _signal.signal(_signal.SIGINT, previous)
        interrupted, self._interrupted = self._interrupted, None
        if interrupted is not None:
            previous(signal.SIGINT, interrupted)

    def _on_interrupt(self, _, frame):
        # The first one lets the engine come to a good end; one more is for a layer that does not let it.
        if self._interrupted is not None and self.is_in_users_code:
            raise KeyboardInterrupt
        self._interrupted = frame
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def farewell(self):
        try:
            code = self._process.wait(_SECONDS_TO_END)
            how = "a signal ended it: %s" % signal.Signals(-code).name if code < 0 else "it ended with code %d" % code
        except (subprocess.TimeoutExpired, ValueError):
            how = "it does not answer"
        return "the engine is gone: %s. What it had to say stands on standard error; start Python anew." % how

    def forked(self):
        global _engine, _starting
        super().forked()
        if _engine is self:
            # What this process makes itself has an engine of its own.
            _engine = None
            _starting = threading.Lock()

    def close(self):
        """Ends the engine with this process, and waits for that."""
        if os.getpid() != self._owner_pid:
            return
        self._ended = self._ended or "the engine is gone: Python ends."
        self._channel.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_engine = None
_starting = threading.Lock()
# What was set, by the request that does so: a process that is forked from this one begins with the same.
_settings = {}


def engine():
    """The engine of this process, started at first use."""
    global _engine
    if _engine is None:
        with _starting:
            if _engine is None:
                from ._layers import handlers

                started = Engine(handlers)
                atexit.register(started.close)
                for op, fields in _settings.items():
                    started.call(op, **fields)
                _engine = started
    return _engine


def set_for_all(op, **fields):
    """Sets what holds for all nets and solvers that are made from then on."""
    engine().call(op, **fields)
    _settings[op] = fields


__all__ = ["CaffeError", "EngineEnded", "Engine", "Peer", "engine", "set_for_all"]
