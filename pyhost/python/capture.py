"""What tasks print.

File descriptors 1 and 2 of an interpreter are two unlinked files, opened for appending. What is
in them when a task ends is what it, its C libraries and its subprocesses have printed. With
several threads, ``sys.stdout`` and ``sys.stderr`` are told apart by thread instead; what does not
pass through them then belongs to whichever task ends next.
"""

import fcntl
import io
import os
import sys
import threading

LIMIT = 64 << 10  # bytes kept of each stream of a task: the first and the last half


class Capture:
    """Collects the output of tasks."""

    def __init__(self, threads):
        self._lock = threading.Lock()
        self._out, self._err = _File(1), _File(2)
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
        texts = self._out.drain(), self._err.drain()
        sys.stdout = self._reopened(sys.stdout, 1)
        sys.stderr = self._reopened(sys.stderr, 2)
        return texts

    def _reopened(self, stream, fd):
        """Return a stream for the next task: this one, unless a task closed it."""
        if stream is not None and not getattr(stream, "closed", False):
            return stream
        if self._routers:
            return self._routers[fd - 1].reopened()
        return open(fd, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


#: The first number of the descriptors that stay behind when a task closes those of its output.
_SPARE = 200


class _File:
    """One of the files behind descriptors 1 and 2."""

    def __init__(self, fd):
        self._fd = fd
        self._spare = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _SPARE)
        self._identity = _identity(os.fstat(fd))

    def drain(self):
        """Return the text in the file, and empty it."""
        try:
            stat = self._stat()
            size = stat.st_size
            if not size:
                return ""
            if size <= LIMIT:
                data = os.pread(self._fd, size, 0)
            else:
                half = LIMIT // 2
                data = os.pread(self._fd, half, 0) + _cut(size - LIMIT) + os.pread(self._fd, half, size - half)
            os.ftruncate(self._fd, 0)
        except OSError:  # a task closed everything
            return ""
        return data.decode("utf-8", "replace")

    def _stat(self):
        """Look at the file; it gets its descriptor back if a task has taken that from it.

        The descriptor may be that of a file of the task meanwhile, which is not ours to empty.
        """
        try:
            stat = os.fstat(self._fd)
            if _identity(stat) == self._identity:
                return stat
        except OSError:
            pass
        os.dup2(self._spare, self._fd)
        return os.fstat(self._fd)


def _identity(stat):
    return stat.st_dev, stat.st_ino


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

    def reopened(self):
        """Return a router like this one that is open."""
        router = _Router(self._stream)
        router._parts = self._parts
        return router

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
