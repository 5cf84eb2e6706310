"""Talking with the program ewoks-hpc, which runs beside this process for as long as it is needed.

What it says is described in the Go package ``internal/bridge``. The Python modules that both
sides share come from the program itself, so that they are always of the same version.
"""

import importlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import types
from concurrent.futures import Future
from typing import Any
from typing import Callable
from typing import Dict
from typing import Iterable
from typing import List
from typing import Optional
from typing import Sequence
from typing import Tuple

from . import binary
from . import errors

#: A message: its header, and binary values that the header refers to.
Message = Tuple[Dict[str, Any], Sequence[bytes]]

_SHARED = "_ewokshpc"
_loading = threading.Lock()


class Bridge:
    """The program, started for this process, and the socket to it."""

    def __init__(self, arguments: Iterable[str] = (), descriptors: Sequence[int] = (), ahead: int = 1 << 16) -> None:
        """
        :param arguments: options of the program
        :param descriptors: descriptors that it inherits
        :param ahead: bytes to read ahead; 0 where others wait for the descriptor
        """
        ours, theirs = socket.socketpair()
        with theirs:
            # In a session of its own: an interrupt from the terminal is for this process only.
            self._process = subprocess.Popen(
                [binary.find(), "bridge", *arguments],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                pass_fds=tuple(descriptors),
                start_new_session=True,
            )
        self._socket = ours
        self._last = 0
        try:
            _load_shared(ours)
            self.channel = shared("wire").Channel(ours.fileno(), ahead)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._socket.fileno()

    def call(self, verb: str, args: Any) -> int:
        """Begin a call and return its number."""
        self._last += 1
        self.channel.write({"id": self._last, "call": verb, "args": args})
        return self._last

    def read(self) -> Message:
        """Return the next message.

        :raises RuntimeError: when the program has ended
        """
        header, blobs = self.channel.read()
        if header is None:
            raise RuntimeError(f"ewoks-hpc has ended unexpectedly (exit status {self._process.wait()})")
        return header, blobs

    def close(self) -> None:
        """End the program and what it has started, and wait for that."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._socket.close()


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


class Calls:
    """Calls that do not wait for each other, over one bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self._lock = threading.Lock()
        self._open: Dict[int, Callable[[Optional[Message]], bool]] = {}
        self._pid = os.getpid()
        self._reader = threading.Thread(target=self._read, name="ewoks-hpc", daemon=True)
        self._reader.start()

    def begin(self, verb: str, args: Any, hear: Callable[[Optional[Message]], bool]) -> int:
        """Begin a call; ``hear`` gets its messages, None when there will be no more, and returns
        whether the call is over."""
        if os.getpid() != self._pid:
            raise RuntimeError("the cluster belongs to the process that this one was forked from")
        with self._lock:
            number = self.bridge.call(verb, args)
            self._open[number] = hear
        return number

    def ask(self, verb: str, args: Any = None, timeout: Optional[float] = None) -> Any:
        """Make a call and return its value.

        :param timeout: seconds
        """
        answer: "Future[Any]" = Future()

        def hear(message: Optional[Message]) -> bool:
            if message is None:
                answer.set_exception(RuntimeError("ewoks-hpc has ended"))
            elif "error" in message[0]:
                answer.set_exception(errors.from_answer(message[0]["error"]))
            else:
                answer.set_result(message[0]["value"])
            return True

        self.begin(verb, args, hear)
        return answer.result(timeout)

    def close(self) -> None:
        """End the program."""
        self.bridge.close()
        self._reader.join()

    def _read(self) -> None:
        while True:
            try:
                message: Optional[Message] = self.bridge.read()
            except (RuntimeError, OSError, ValueError):
                message = None
            if message is None:
                break
            with self._lock:
                hear = self._open.get(message[0]["id"])
            if hear is not None and hear(message):
                with self._lock:
                    del self._open[message[0]["id"]]
        with self._lock:
            left: List[Callable[[Optional[Message]], bool]] = list(self._open.values())
            self._open.clear()
        for hear in left:
            hear(None)
