"""Calls to the program that do not wait for each other."""

import queue
import threading
from concurrent.futures import Future
from typing import Any
from typing import Callable
from typing import Dict
from typing import Optional

from . import errors
from .bridge import Bridge
from .bridge import Message

#: Gets the messages of a call, and None when the program ends before the call does.
Hear = Callable[[Optional[Message]], None]


class Calls:
    """Calls over one bridge.

    One thread reads, and answers those who :meth:`ask`. Another passes on the other messages:
    what hears them may ask in turn, as the callback of a future may.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._lock = threading.Lock()
        self._open: Dict[int, Hear] = {}
        self._answers: Dict[int, "Future[Any]"] = {}
        self._heard: "queue.SimpleQueue[Any]" = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=target, name=f"ewoks-hpc {name}", daemon=True)
            for target, name in ((self._read, "reader"), (self._pass_on, "runs"))
        ]
        for thread in self._threads:
            thread.start()

    def begin(self, verb: str, args: Any, hear: Hear) -> int:
        """Begin a call and return its number; ``hear`` gets its messages."""
        number = self._bridge.number()
        self._begin(number, verb, args, self._open, hear)
        return number

    def ask(self, verb: str, args: Any = None, timeout: Optional[float] = None) -> Any:
        """Make a call and return its value.

        :param timeout: seconds
        """
        answer: "Future[Any]" = Future()
        self._begin(self._bridge.number(), verb, args, self._answers, answer)
        return answer.result(timeout)

    def close(self) -> None:
        """End the program."""
        self._bridge.end()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._bridge.close()

    def _begin(self, number: int, verb: str, args: Any, table: Dict[int, Any], entry: Any) -> None:
        with self._lock:
            table[number] = entry
        try:
            self._bridge.call(number, verb, args)
        except BaseException:
            with self._lock:
                table.pop(number, None)
            raise

    def _read(self) -> None:
        while True:
            try:
                message = self._bridge.read()
            except (RuntimeError, OSError, ValueError):
                break
            number, over = message[0]["id"], "printed" not in message[0]
            with self._lock:
                answer = self._answers.pop(number, None)
                hear = self._open.pop(number, None) if over else self._open.get(number)
            if answer is not None:
                _settle(answer, message[0])
            elif hear is not None:
                self._heard.put((hear, message))
        with self._lock:
            answers, left = list(self._answers.values()), list(self._open.values())
            self._answers.clear()
            self._open.clear()
        for answer in answers:
            answer.set_exception(RuntimeError("ewoks-hpc has ended"))
        for hear in left:
            self._heard.put((hear, None))
        self._heard.put(None)

    def _pass_on(self) -> None:
        for hear, message in iter(self._heard.get, None):
            hear(message)


def _settle(answer: "Future[Any]", header: Dict[str, Any]) -> None:
    if "error" in header:
        answer.set_exception(errors.from_answer(header["error"]))
    else:
        answer.set_result(header["value"])
