"""What a Python program does in a run that it has asked for itself.

It executes the tasks in its own threads, or it is the process from which interpreters are forked.
"""

import io
import os
import select
import signal
import sys
import threading

from . import ewoks, start
from .host import Host
from .values import Values
from .wire import Channel


def execute(fd, values):
    """Execute tasks in this thread until the launcher closes the channel."""
    try:
        Host(values, contain=False).work(Channel(fd))
    except OSError:  # the run is over and does not wait for this task
        pass
    finally:
        os.close(fd)


def execute_in_threads(fds, values):
    """Execute tasks in new threads, one for each channel; return at once."""
    host = Host(values)
    for n, fd in enumerate(fds):
        threading.Thread(target=_serve, args=(host, fd), name="ewoks-hpc-%d" % n, daemon=True).start()


def _serve(host, fd):
    try:
        host.work(Channel(fd))
    except OSError:
        pass
    finally:
        os.close(fd)


class Template:
    """Forks interpreters from the calling process."""

    def __init__(self, fd, store):
        """
        :param fd: socket for the launcher's orders
        :param store: directory for large values
        """
        self._fd = fd
        self._config = {"threads": 1, "store": store}
        self._forked = []

    def serve(self, control):
        """Obey until there is something to read from control, a file descriptor."""
        waiting = select.poll()  # unlike select, for descriptors of any number
        waiting.register(self._fd, select.POLLIN)
        waiting.register(control, select.POLLIN)
        open_ = True
        while open_:
            if control in dict(waiting.poll()):
                return
            _flush()
            pid = start.obey(self._fd, self._child)
            open_ = pid is not None
            if pid:
                self._forked.append(pid)

    def close(self):
        """End the interpreters, see keeper.py, and wait for them."""
        os.close(self._fd)
        for pid in self._forked:
            try:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    continue
            except ChildProcessError:  # the launcher has asked how it ended
                continue
            try:
                os.kill(pid, signal.SIGTERM)
            except OSError:
                pass
            start.wait(pid)

    def _child(self, channel):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # The caller's streams may write anywhere, and hold what it has not written yet.
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), line_buffering=True)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), line_buffering=True)
        start.host(channel, self._config)


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def load(header, blobs, values):
    """Return the outcome of a run with its values as Python objects.

    Files of large values are removed: they are the caller's.

    :returns: (list of [node id, name or None, value], exception or None)
    """
    run = header["run"]
    outputs = [[node, name, ewoks.plain(values.load(value, run, blobs))] for node, name, value in header["outputs"]]
    exception = header.get("exception")
    error = values.load(exception, run, blobs) if exception else None
    for value in [value for _, _, value in header["outputs"]] + [exception]:
        if value and value[0] == "s" and os.path.exists(value[1]):
            os.unlink(value[1])
    return outputs, error


def make_values(store=None):
    """Return the values of a run in this process."""
    return Values(store)
