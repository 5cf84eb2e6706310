"""Runs without a cluster: in this process, or in processes forked or spawned from it."""

import os
import socket
from contextlib import ExitStack
from contextlib import suppress
from typing import Any
from typing import Callable
from typing import Dict
from typing import List
from typing import Optional
from typing import Tuple

from . import document
from . import errors
from . import results
from .bridge import Bridge
from .bridge import Message
from .bridge import shared
from .document import Mark
from .request import Events
from .request import Request

#: Gets a function that ends the run, once it has begun.
Begun = Callable[[Callable[[], Any]], None]


def run(scheduler: str, request: Request, events: Events, options: Dict[str, Any], begun: Begun) -> Dict[Any, Any]:
    """Run a workflow and return its outputs.

    :param scheduler: sequential, multithreading or multiprocessing
    :param options: ``num_workers`` and, of multiprocessing, ``context``: fork or spawn
    :param begun: gets a function that ends the run, once it has begun
    """
    options = dict(options)
    workers = options.pop("num_workers", None) or (1 if scheduler == "sequential" else os.cpu_count() or 1)
    context = options.pop("context", "spawn") if scheduler == "multiprocessing" else None
    options.pop("chunksize", None)  # of dask; tasks are not sent in chunks of a fixed size
    if options:
        raise TypeError(f"unknown options of scheduler {scheduler!r}: {', '.join(sorted(options))}")
    if workers < 1 or (workers > 1 and scheduler == "sequential"):
        raise ValueError(f"num_workers={workers} makes no sense for scheduler {scheduler!r}")
    if context not in (None, "fork", "spawn"):
        raise ValueError(f"context={context!r}: choose 'fork' or 'spawn'")
    if request.task_timeout and context is None:
        raise ValueError(
            'task_timeout: a task of the calling process cannot be ended; choose scheduler="multiprocessing"'
        )
    with ExitStack() as stack:
        one = _Run(stack, request, events, begun)
        if context == "spawn":
            return one.spawn(workers)
        if context == "fork":
            return one.fork(workers)
        return one.here(workers, in_threads=scheduler == "multithreading")


class _Run:
    """One run, with the program beside this process for as long as it lasts."""

    def __init__(self, stack: ExitStack, request: Request, events: Events, begun: Begun) -> None:
        """:param stack: undoes everything at the end"""
        self._stack = stack
        self._request = request
        self._events = events
        self._begun = begun

    def here(self, threads: int, in_threads: bool) -> Dict[Any, Any]:
        """Execute tasks in this thread, or in new threads of this process."""
        ours, theirs = self._start(threads)
        store = self._begin(self._stay(), {"lanes": theirs})
        caller = shared("caller")
        values = caller.make_values(store)
        if in_threads:
            caller.execute_in_threads([sock.detach() for sock in ours], values)
        else:
            caller.execute(ours[0].detach(), values)
        return self._finish(self._outcome(), values)

    def fork(self, workers: int) -> Dict[Any, Any]:
        """Execute tasks in processes forked from this one."""
        ours, theirs = self._start(1, ahead=0)
        store = self._begin(self._stay(), {"template": theirs[0], "processes": workers})
        caller = shared("caller")
        values = caller.make_values(store)
        template = caller.Template(ours[0].detach(), store)
        self._stack.callback(template.close)
        while True:
            template.serve(self._bridge.fileno())
            message = self._news()
            if message is not None:
                return self._finish(message, values)

    def spawn(self, workers: int) -> Dict[Any, Any]:
        """Execute tasks in fresh processes that import this one's main module again."""
        document.check_main()
        self._start()
        more = {"processes": workers, "prepare": document.preparation()}
        store = self._begin(document.pickled, more)
        values = shared("caller").make_values(store)
        return self._finish(self._outcome(), values)

    def _start(self, sockets: int = 0, ahead: int = 1 << 16) -> Tuple[List[socket.socket], List[int]]:
        """Start the program with one end of some socket pairs.

        :returns: our ends of the sockets, and its descriptors
        """
        pairs = [socket.socketpair() for _ in range(sockets)]
        ours = [self._stack.enter_context(a) for a, _ in pairs]
        with ExitStack() as given:  # what only the program holds ends with it
            theirs = [given.enter_context(b).fileno() for _, b in pairs]
            self._bridge = Bridge(theirs, ahead)
        self._stack.callback(self._bridge.close)
        return ours, theirs

    def _stay(self) -> Mark:
        """Return how to mark values that do not leave this process."""
        objects = document.Objects(shared("values").objects)
        self._stack.callback(objects.close)
        return objects.mark

    def _begin(self, mark: Mark, more: Dict[str, Any]) -> str:
        """Load the workflow and begin the run; return the directory for large values."""
        args = self._request.load_arguments(mark)
        loaded = self._ask("load", args)
        if "need" in loaded:
            loaded = self._ask("load", {**args, "required": document.required_inputs(loaded["need"])})
        execinfo = self._events.begin_workflow(loaded["id"])
        number = self._bridge.number()
        store: str = self._ask(
            "run", {**self._request.run_arguments(loaded["workflow"], execinfo, mark), **more}, number
        )
        self._begun(lambda: self._cancel(number))
        return store

    def _cancel(self, number: int) -> None:
        with suppress(OSError, RuntimeError):  # the run is over
            self._bridge.call(self._bridge.number(), "cancel", number)

    def _ask(self, verb: str, args: Dict[str, Any], number: Optional[int] = None) -> Any:
        self._bridge.call(number or self._bridge.number(), verb, args)
        header, _ = self._bridge.read()
        if "error" in header:
            raise errors.from_answer(header["error"])
        return header["value"] if "value" in header else header["begin"]

    def _outcome(self) -> Message:
        while True:
            message = self._news()
            if message is not None:
                return message

    def _news(self) -> Optional[Message]:
        """Read one message; return it if it tells the outcome."""
        header, blobs = self._bridge.read()
        if "error" in header:
            raise errors.from_answer(header["error"])
        if "outcome" in header:
            return header, blobs
        results.show_printed(header.get("printed"))
        return None

    def _finish(self, message: Message, values: Any) -> Dict[Any, Any]:
        return results.finish(message, values, self._request.merge_outputs)
