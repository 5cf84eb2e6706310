"""Runs without a cluster: in this process, or in processes forked or spawned from it."""

import os
import socket
from contextlib import ExitStack
from typing import Any
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


def run(scheduler: str, request: Request, events: Events, options: Dict[str, Any]) -> Dict[Any, Any]:
    """Run a workflow and return its outputs.

    :param scheduler: sequential, multithreading or multiprocessing
    :param options: ``num_workers`` and, of multiprocessing, ``context``: fork or spawn
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
    with ExitStack() as stack:
        if context == "spawn":
            return _spawn(stack, request, events, workers)
        if context == "fork":
            return _fork(stack, request, events, workers)
        return _here(stack, request, events, workers, in_threads=scheduler == "multithreading")


def _here(stack: ExitStack, request: Request, events: Events, threads: int, in_threads: bool) -> Dict[Any, Any]:
    """Execute tasks in this thread, or in new threads of this process."""
    bridge, ours, theirs = _bridge(stack, threads)
    caller = shared("caller")
    store = _begin(bridge, request, events, _stay(stack), {"lanes": theirs})
    values = caller.make_values(store)
    if in_threads:
        caller.execute_in_threads([sock.detach() for sock in ours], values)
    else:
        caller.execute(ours[0].detach(), values)
    return results.finish(_outcome(bridge), values, request.merge_outputs)


def _fork(stack: ExitStack, request: Request, events: Events, workers: int) -> Dict[Any, Any]:
    """Execute tasks in processes forked from this one."""
    bridge, ours, theirs = _bridge(stack, 1, ahead=0)
    caller = shared("caller")
    store = _begin(bridge, request, events, _stay(stack), {"template": theirs[0], "processes": workers})
    values = caller.make_values(store)
    template = caller.Template(ours[0].detach(), store, [bridge.fileno()])
    stack.callback(template.close)
    while True:
        template.serve(bridge.fileno())
        message = _news(bridge)
        if message is not None:
            return results.finish(message, values, request.merge_outputs)


def _spawn(stack: ExitStack, request: Request, events: Events, workers: int) -> Dict[Any, Any]:
    """Execute tasks in fresh processes that import this one's main module again."""
    document.check_main()
    bridge, _, _ = _bridge(stack)
    more = {"processes": workers, "prepare": document.preparation(main=True)}
    store = _begin(bridge, request, events, document.pickled, more)
    values = shared("caller").make_values(store)
    return results.finish(_outcome(bridge), values, request.merge_outputs)


def _bridge(stack: ExitStack, sockets: int = 0, ahead: int = 1 << 16) -> Tuple[Bridge, List[socket.socket], List[int]]:
    """Start the program with one end of some socket pairs.

    :returns: the bridge, our ends of the sockets, and its descriptors
    """
    pairs = [socket.socketpair() for _ in range(sockets)]
    ours = [stack.enter_context(a) for a, _ in pairs]
    with ExitStack() as given:  # what only the program holds ends with it
        theirs = [given.enter_context(b).fileno() for _, b in pairs]
        bridge = Bridge(descriptors=theirs, ahead=ahead)
    stack.callback(bridge.close)
    return bridge, ours, theirs


def _stay(stack: ExitStack) -> Mark:
    """Return how to mark values that do not leave this process."""
    objects = document.Objects(shared("values").objects)
    stack.callback(objects.close)
    return objects.mark


def _begin(bridge: Bridge, request: Request, events: Events, mark: Mark, more: Dict[str, Any]) -> str:
    """Load the workflow and begin the run; return the directory for large values."""
    args = request.load_arguments(mark)
    loaded = _ask(bridge, "load", args)
    if "need" in loaded:
        loaded = _ask(bridge, "load", {**args, "required": document.required_inputs(loaded["need"])})
    execinfo = events.begin_workflow(loaded["id"])
    return _ask(bridge, "run", {**request.run_arguments(loaded["workflow"], execinfo, mark), **more})


def _ask(bridge: Bridge, verb: str, args: Dict[str, Any]) -> Any:
    bridge.call(verb, args)
    header, _ = bridge.read()
    if "error" in header:
        raise errors.from_answer(header["error"])
    return header["value"] if "value" in header else header["begin"]


def _outcome(bridge: Bridge) -> Message:
    while True:
        message = _news(bridge)
        if message is not None:
            return message


def _news(bridge: Bridge) -> Optional[Message]:
    """Read one message; return it if it tells the outcome."""
    header, blobs = bridge.read()
    if "error" in header:
        raise errors.from_answer(header["error"])
    if "outcome" in header:
        return header, blobs
    results.show_printed(header.get("printed"))
    return None
