"""What tasks print.

File descriptors 1 and 2 of an interpreter are two unlinked files, opened for appending. What is
in them when a task ends is what it, its C libraries and its subprocesses have printed. With
several threads, ``sys.stdout`` and ``sys.stderr`` are told apart by thread instead; what does not
pass through them then belongs to whichever task ends next.
"""

import io
import os
import sys
import threading

LIMIT = 64 << 10  # bytes kept of each stream of a task: the first and the last half


class Capture:
    """Collects the output of tasks."""

    def __init__(self, threads):
        self._lock = threading.Lock()
        self._routers = ()
        if threads > 1:
            sys.stdout, sys.stderr = _Router(sys.stdout), _Router(sys.stderr)
            self._routers = (sys.stdout, sys.stderr)

    def take(self):
        """Return (stdout, stderr) text since the last call, of this thread where that is known."""
        if not self._routers:
            return self._files()
        printed = [router.take() for router in self._routers]
        with self._lock:
            direct = self._files()
        return tuple(_clip(a + b) for a, b in zip(printed, direct))

    def _files(self):
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:  # a task closed it, or left something else in its place
                pass
        return _drain(1), _drain(2)


def _drain(fd):
    try:
        size = os.fstat(fd).st_size
        if not size:
            return ""
        if size <= LIMIT:
            data = os.pread(fd, size, 0)
        else:
            half = LIMIT // 2
            data = os.pread(fd, half, 0) + _cut(size - LIMIT) + os.pread(fd, half, size - half)
        os.ftruncate(fd, 0)
    except OSError:  # a task closed or replaced the descriptor
        return ""
    return data.decode("utf-8", "replace")


def _clip(text):
    if len(text) <= LIMIT:
        return text
    half = LIMIT // 2
    return text[:half] + _cut(len(text) - LIMIT).decode() + text[-half:]


def _cut(n):
    return b"\n... %d bytes cut ...\n" % n


class _Router(io.TextIOBase):
    """A text stream that keeps what each thread writes apart."""

    def __init__(self, stream):
        self._stream = stream
        self._parts = threading.local()

    def write(self, text):
        parts = self._parts
        if not hasattr(parts, "list"):
            parts.list = []
        parts.list.append(text)
        return len(text)

    def take(self):
        parts = getattr(self._parts, "list", None)
        if not parts:
            return ""
        text = "".join(parts)
        parts.clear()
        return text

    def flush(self):
        self._stream.flush()

    def fileno(self):
        return self._stream.fileno()

    def isatty(self):
        return False

    def writable(self):
        return True

    @property
    def encoding(self):
        return self._stream.encoding
