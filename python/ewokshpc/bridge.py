"""Talking with the program ewoks-hpc, which runs beside this process for as long as it is needed.

What it says is described in the Go package ``internal/bridge``. The Python modules that both
sides share come from the program itself, so that they are always of the same version.
"""

import importlib
import itertools
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import types
import weakref
from contextlib import suppress
from typing import Any
from typing import Dict
from typing import Sequence
from typing import Tuple

from . import binary

#: A message: its header, and binary values that the header refers to.
Message = Tuple[Dict[str, Any], Sequence[bytes]]

#: Seconds that the program may take to end: that of Slurm jobs takes its time.
END_TIME = 120

_SHARED = "_ewokshpc"
_loading = threading.Lock()


class Bridge:
    """The program, started for this process, and the socket to it."""

    def __init__(self, descriptors: Sequence[int] = (), ahead: int = 1 << 16) -> None:
        """
        :param descriptors: descriptors that the program inherits
        :param ahead: bytes to read ahead; 0 where others wait for the descriptor
        """
        program = binary.find()
        ours, theirs = socket.socketpair()
        with theirs:
            # In a session of its own: an interrupt from the terminal is for this process only.
            self._process = subprocess.Popen(
                [program, "bridge"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                pass_fds=tuple(descriptors),
                start_new_session=True,
            )
        self._socket = ours
        self._pid = os.getpid()
        self._writing = threading.Lock()
        self._numbers = itertools.count(1)
        self.closed = False
        _bridges.add(self)
        try:
            _load_shared(ours)
            self._channel = shared("wire").Channel(ours.fileno(), ahead)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._socket.fileno()

    def number(self) -> int:
        """Return the number of a call that is about to begin."""
        return next(self._numbers)

    def call(self, number: int, verb: str, args: Any) -> None:
        """Begin a call.

        :raises RuntimeError: when the bridge is closed, or of another process
        """
        if os.getpid() != self._pid:
            raise RuntimeError("ewoks-hpc was started by the process that this one was forked from")
        with self._writing:
            if self.closed:
                raise RuntimeError("ewoks-hpc was ended, it is not asked any more")
            self._channel.write({"id": number, "call": verb, "args": args})

    def read(self) -> Message:
        """Return the next message.

        :raises RuntimeError: when the program has ended
        """
        header, blobs = self._channel.read()
        if header is None:
            raise RuntimeError(f"ewoks-hpc has ended unexpectedly (exit status {self._process.wait()})")
        return header, blobs

    def end(self) -> None:
        """End the program and what it has started, and wait for that. Nothing more can be read."""
        self.closed = True
        if os.getpid() == self._pid:
            with suppress(OSError):  # it has ended before
                self._socket.shutdown(socket.SHUT_RDWR)
            try:
                self._process.wait(END_TIME)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """End the program and let go of the socket, which nobody may be using then."""
        self.end()
        with self._writing:
            self._socket.close()

    def abandon(self) -> None:
        """Let go of the socket in a process that was forked: it is none of its business."""
        self.closed = True
        self._socket.close()


_bridges: "weakref.WeakSet[Bridge]" = weakref.WeakSet()


def _after_fork() -> None:
    for bridge in list(_bridges):
        bridge.abandon()


os.register_at_fork(after_in_child=_after_fork)


def shared(name: str) -> Any:
    """Return one of the modules that the program has sent."""
    return importlib.import_module(f"{_SHARED}.{name}")


def _load_shared(link: socket.socket) -> None:
    """Read the modules that the program sends first, and keep those that are new."""
    size = struct.unpack("!I", _read(link, 4))[0]
    message = json.loads(_read(link, size))
    with _loading:
        package = sys.modules.get(_SHARED)
        if package is None:
            package = types.ModuleType(_SHARED)
            package.__path__ = []
            sys.modules[_SHARED] = package
        for name, source in message["modules"]:
            full = f"{_SHARED}.{name}"
            if full in sys.modules:
                continue
            module = types.ModuleType(full)
            module.__package__ = _SHARED
            sys.modules[full] = module
            setattr(package, name, module)
            exec(compile(source, f"<ewoks-hpc {name}.py>", "exec"), module.__dict__)


def _read(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = link.recv(size - len(data))
        if not part:
            raise RuntimeError("ewoks-hpc did not start: see what it printed")
        data += part
    return data
