"""Frames: the messages between the launcher and an interpreter.

The layout is that of ``task/frame.go``: version (1 byte), number of blobs (3 bytes), length of
the JSON header (4 bytes), length of each blob (8 bytes each), all big-endian; then the header,
then the blobs.
"""

import json
import os
import struct
import threading

VERSION = 1

_head = struct.Struct("!II")
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _sender():
    """Return a function that sends what a socket takes at once.

    It keeps the interpreter lock: to let go of it for a few microseconds would cost each short
    task a switch to another thread. Where that cannot be had, os.write does.
    """
    try:
        import ctypes

        send = ctypes.PyDLL(None).send
        send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)
        send.restype = ctypes.c_ssize_t
    except Exception:
        return os.write

    def send_or_write(fd, data):
        if type(data) is bytes:
            n = send(fd, data, len(data), 0x40 | 0x4000)  # MSG_DONTWAIT, MSG_NOSIGNAL
            if n >= 0:
                return n
        return os.write(fd, data)

    return send_or_write


_send = _sender()


class Channel:
    """One end of a stream of frames. Reading is for one thread at a time, writing for any."""

    def __init__(self, fd, ahead=1 << 16):
        """:param ahead: bytes to read ahead; with 0, none, so that others can wait for the descriptor"""
        self._fd = fd
        self._reader = os.fdopen(fd, "rb", ahead, closefd=False)
        self._lock = threading.Lock()

    def fileno(self):
        return self._fd

    def read(self):
        """Return (header, blobs), or (None, None) at the end of the stream."""
        head = self._read(8)
        if head is None:
            return None, None
        word, size = _head.unpack(head)
        if word >> 24 != VERSION:
            raise ValueError("message of version %d, this one speaks %d" % (word >> 24, VERSION))
        count = word & 0xFFFFFF
        if not count:
            return json.loads(self._read(size)), ()
        lengths = struct.unpack("!%dQ" % count, self._read(8 * count))
        header = json.loads(self._read(size))
        return header, [self._read(n) for n in lengths]

    def _read(self, n):
        data = self._reader.read(n)
        while data and len(data) < n:
            more = self._reader.read(n - len(data))
            if not more:
                return None
            data += more
        return data if len(data) == n else None

    def write(self, header, blobs=()):
        """Send one frame; blobs are bytes-like."""
        text = _encode(header).encode()
        views = [memoryview(b).cast("B") for b in blobs]
        data = _head.pack(VERSION << 24 | len(views), len(text))
        if views:
            data += struct.pack("!%dQ" % len(views), *[len(v) for v in views])
        data += text
        with self._lock:
            self._write(data)
            for view in views:
                self._write(view)

    def _write(self, data):
        n = _send(self._fd, data)
        if n < len(data):
            data = memoryview(data)
            while n < len(data):
                n += os.write(self._fd, data[n:])
