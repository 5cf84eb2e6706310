"""How an interpreter begins: as one that executes tasks, or as a template to fork such ones from."""

import ctypes
import importlib
import os
import signal
import socket
import struct
import sys
import traceback

from . import keeper
from .capture import Capture
from .host import Host, describe_interpreter
from .values import Values
from .wire import Channel

#: What a template is asked for besides forking: how an interpreter ended. See template.go.
ORDER_STATUS = 2


def main(channel_fd, config):
    """Begin in the role that the launcher chose.

    :param config: {"role": "host" or "template", "threads": int, "store": directory or None,
        "preload": list of task identifiers, "prepare": see prepare}
    """
    if config["role"] != "template":  # a template keeps each interpreter that it forks
        keeper.keep()
    prepare(config.get("prepare"))
    if config["role"] == "template":
        _template(channel_fd, config)
    else:
        host(channel_fd, config)


def prepare(data):
    """Be more like the process that asked for the run.

    :param data: what ``multiprocessing.spawn.get_preparation_data`` returned there: its main
        module is imported again, as ``__mp_main__``; or ``{"more_path": directories}`` where
        modules are looked for too; or None
    """
    if not data:
        return
    if "more_path" in data:
        sys.path[:0] = [path for path in data["more_path"] if path not in sys.path]
        return
    from multiprocessing import process, spawn

    process.current_process()._inheriting = True  # who starts processes now has no main guard
    try:
        spawn.prepare(data)
    finally:
        del process.current_process()._inheriting


def host(fd, config):
    """Execute the tasks that arrive on a channel, then end the process."""
    channel = Channel(fd)
    channel.write(describe_interpreter())
    others = _receive(fd, config["threads"] - 1)[1] if config["threads"] > 1 else ()
    channels = [channel] + [Channel(other) for other in others]
    Host(Values(config.get("store")), Capture(len(channels))).serve(channels)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: threads of tasks, and what they registered to run at exit, may hang.
    os._exit(0)


def _template(fd, config):
    """Import what tasks need once, then fork an interpreter for each set of descriptors sent."""
    for identifier in config.get("preload", ()):
        _preload(identifier)
    os.write(fd, struct.pack("!I", os.getpid()))
    while obey(fd, lambda channel: host(channel, config)) is not None:
        pass
    os._exit(0)


def obey(fd, child):
    """Carry out one order of those for a template, see template.go.

    :param child: called in a forked interpreter with the descriptor of its channel
    :returns: the process id of an interpreter that was forked, 0 after another order, None at
        the end of the orders
    """
    order, descriptors = _receive(fd, 3)
    if not order:
        return None
    what, pid = struct.unpack("!BI", order)
    if what == ORDER_STATUS:
        os.write(fd, struct.pack("!I", wait(pid)))
        return 0
    pid = _fork(fd, descriptors, child)
    for descriptor in descriptors:
        os.close(descriptor)
    os.write(fd, struct.pack("!I", pid))
    return pid


def wait(pid):
    """Return the exit status of a child."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:  # somebody else has waited for it
        return 0


def _fork(fd, descriptors, child):
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() == parent:
            os.setpgid(0, 0)
            os.close(fd)
            channel, out, err = descriptors
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)
            keeper.keep()
            child(channel)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)  # what called for the fork goes on in the parent only


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
