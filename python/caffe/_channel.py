"""Messages between two processes, over a socket: plain JSON, and bytes beside it."""

import json
import os
import select
import struct
import time

# In front of a message: the lengths of its JSON and of the bytes behind it, low byte first.
_PREFIX = struct.Struct("<II")
# Bytes that are copied behind the JSON rather than written by a call of their own.
_COPIED = 65536
# How long to look for an answer before sleeping until it comes, and how many messages at most to wait without looking.
_SECONDS_TO_LOOK = 50e-6
_LONGEST_REST = 63

_encode = json.JSONEncoder(allow_nan=False).encode
_decode = json.JSONDecoder().raw_decode


class Channel:
    """
    Sends messages, and waits for them.

    An answer that comes soon is looked for, which takes less than to sleep and be woken, as long as that has been of use.
    OSError and EOFError say that the other side has ended.
    """

    def __init__(self, connection):
        self._connection = connection
        self._buffer = bytearray(_COPIED)
        self._view = memoryview(self._buffer)
        # What has been read and not been taken lies there.
        self._begin = self._end = 0
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._rests = 0 if _cores() > 1 else float("inf")
        self._next_rest = 1

    def send(self, head, payload=b""):
        text = _encode(head).encode()
        message = _PREFIX.pack(len(text), len(payload)) + text
        if len(payload) <= _COPIED:
            self._connection.sendall(message + payload)
        else:
            self._connection.sendall(message)
            self._connection.sendall(payload)

    def receive(self):
        """The next message: its JSON, and the bytes beside it."""
        if self._begin == self._end:
            self._look()
        length, payload_length = _PREFIX.unpack(self._take(_PREFIX.size))
        head, _ = _decode(str(self._take(length), "utf-8"))
        return head, bytes(self._take(payload_length)) if payload_length else b""

    def close(self):
        self._connection.close()

    def _look(self):
        if self._rests > 0:
            self._rests -= 1
            return
        last = time.perf_counter() + _SECONDS_TO_LOOK
        while not self._poll.poll(0):
            if time.perf_counter() > last:
                break
            # Whoever is to answer may wait for this very core.
            os.sched_yield()
        if time.perf_counter() <= last:
            self._next_rest = 1
        else:
            self._rests, self._next_rest = self._next_rest, min(2 * self._next_rest + 1, _LONGEST_REST)

    def _take(self, length):
        """A view of the next bytes, good until more is taken."""
        if self._end - self._begin < length:
            if length > len(self._buffer):
                return self._take_large(length)
            left = self._end - self._begin
            self._view[:left] = bytes(self._view[self._begin : self._end])
            self._begin, self._end = 0, left
            while self._end < length:
                self._end += self._read_into(self._view[self._end :])
        taken = self._view[self._begin : self._begin + length]
        self._begin += length
        return taken

    def _take_large(self, length):
        taken = memoryview(bytearray(length))
        at = self._end - self._begin
        taken[:at] = self._view[self._begin : self._end]
        self._begin = self._end
        while at < length:
            at += self._read_into(taken[at:])
        return taken

    def _read_into(self, view):
        count = self._connection.recv_into(view)
        if count == 0:
            raise EOFError
        return count


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
