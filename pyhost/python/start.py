"""How an interpreter begins: as one that executes tasks, or as a template to fork such ones from."""

import ctypes
import importlib
import os
import signal
import socket
import struct
import sys

from .host import Host, describe_interpreter
from .wire import Channel

#: What a template is asked for besides forking: how an interpreter ended. See template.go.
ORDER_STATUS = 2


def main(channel_fd, config):
    """Begin in the role that the launcher chose.

    :param config: {"role": "host" or "template", "threads": int, "store": directory or None,
        "preload": list of task identifiers}
    """
    if config["role"] == "template":
        _template(channel_fd, config)
    else:
        _host(channel_fd, config)


def _host(fd, config):
    channel = Channel(fd)
    channel.write(describe_interpreter())
    others = _receive(fd, config["threads"] - 1)[1] if config["threads"] > 1 else ()
    Host([channel] + [Channel(other) for other in others], config.get("store")).serve()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: threads of tasks, and what they registered to run at exit, may hang.
    os._exit(0)


def _template(fd, config):
    """Import what tasks need once, then fork an interpreter for each set of descriptors sent."""
    for identifier in config.get("preload", ()):
        _preload(identifier)
    os.write(fd, struct.pack("!I", os.getpid()))
    prctl = ctypes.CDLL(None).prctl
    while True:
        order, descriptors = _receive(fd, 3)
        if not order:
            os._exit(0)
        what, pid = struct.unpack("!BI", order)
        if what == ORDER_STATUS:
            os.write(fd, struct.pack("!I", os.waitpid(pid, 0)[1]))
            continue
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)
            os.setpgid(0, 0)
            os.close(fd)
            channel, out, err = descriptors
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)
            _host(channel, config)
        for descriptor in descriptors:
            os.close(descriptor)
        os.write(fd, struct.pack("!I", pid))


def _preload(identifier):
    module = identifier.rpartition("::")[0] or identifier.rpartition(".")[0]
    if not module or module.endswith(".py"):
        return
    try:
        importlib.import_module(module)
    except Exception:
        pass  # the task that needs it will say so


def _receive(fd, count):
    """Return a message and the file descriptors with it, or an empty one at the end of the stream."""
    size = struct.calcsize("%di" % count)
    link = socket.socket(fileno=fd)
    try:
        message, ancillary, _, _ = link.recvmsg(5, socket.CMSG_SPACE(size))
    finally:
        link.detach()
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return message, struct.unpack("%di" % count, data[:size])
    return message, ()
