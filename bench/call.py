"""Run one graph from Python, ours or a peer's way, and print what it took as JSON: one process for each figure.

Only the call of ``execute_graph`` is timed. Imports are timed apart, and a cluster that is "up" has its workers
and has run a small graph of the same shape. Processes that are spawned import this file again: the rest is in main.
"""

import argparse
import importlib
import json
import sys
import time
from contextlib import ExitStack
from typing import Any

WORKERS = 2
UP_SECONDS = 30.0  # a cluster that has no workers by then will have none
OURS = "ewokshpc"
SIDES = (OURS, "ewokscore", "ewoksdask", "ewoksppf")


def scheduler_arguments(side: str, scheduler: str, stack: ExitStack) -> dict[str, Any]:
    """Return the arguments for ``scheduler`` with two workers; the stack ends what is brought up for it."""
    if side in ("ewokscore", "ewoksppf"):  # they have one way to run a graph
        return {}
    if scheduler == "cluster up":
        return {"scheduler": _up(side, stack)}
    if scheduler == "cluster":
        return {"scheduler": "cluster", "scheduler_options": _cluster_options(side)}
    if scheduler in ("fork", "spawn"):
        options = {"num_workers": WORKERS, "context": scheduler}
        return {"scheduler": "multiprocessing", "scheduler_options": options}
    if scheduler == "multithreading":
        return {"scheduler": scheduler, "scheduler_options": {"num_workers": WORKERS}}
    return {"scheduler": scheduler}


def _cluster_options(side: str) -> dict[str, Any]:
    options = {"n_workers": WORKERS, "threads_per_worker": 1}
    return options if side == OURS else {**options, "dashboard_address": None}


def _up(side: str, stack: ExitStack) -> str:
    """Return the address of a cluster whose workers are up."""
    package = importlib.import_module(OURS if side == OURS else "ewoksdask.schedulers")
    cluster = stack.enter_context(package.local_scheduler(**_cluster_options(side)))
    if side == OURS:
        _wait_for_workers(cluster)
    else:
        cluster.wait_for_workers(WORKERS, timeout=UP_SECONDS)
    return str(cluster.scheduler_address)


def _wait_for_workers(cluster: Any) -> None:
    end = time.monotonic() + UP_SECONDS
    while len(cluster.overview()["workers"] or ()) < WORKERS:
        if time.monotonic() > end:
            sys.exit(f"fewer than {WORKERS} workers after {UP_SECONDS:g} s")
        time.sleep(0.01)


def skip_validation(graph: Any) -> None:
    """Stand in for ``validate_graph`` of ewokscore, which takes 2^n steps for a chain of n."""


def leave_validation_out() -> None:
    """Make the peers' loading of a graph end."""
    from ewokscore.graph import taskgraph

    if not hasattr(taskgraph, "validate_graph"):
        sys.exit("ewokscore.graph.taskgraph has no validate_graph to replace")
    taskgraph.validate_graph = skip_validation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("graph")
    parser.add_argument("--scheduler", required=True)
    parser.add_argument("--by-node", action="store_true", help="outputs by node, which ewoksppf cannot return")
    parser.add_argument("--warm", metavar="GRAPH", help="run before, not timed")
    args = parser.parse_args()

    answer, sys.stdout = sys.stdout, sys.stderr  # clusters announce themselves
    begin = time.perf_counter()
    importlib.import_module("ewokscore")  # all need it; ours imports it late
    execute_graph = importlib.import_module(args.side).execute_graph
    imports = time.perf_counter() - begin
    if args.side != OURS:
        leave_validation_out()
    with ExitStack() as stack:
        arguments = scheduler_arguments(args.side, args.scheduler, stack)
        if args.warm:
            execute_graph(args.warm, **arguments)
        begin = time.perf_counter()
        outputs = execute_graph(args.graph, merge_outputs=not args.by_node, **arguments)
        seconds = time.perf_counter() - begin
    json.dump({"imports": imports, "seconds": seconds, "outputs": outputs}, answer)


if __name__ == "__main__":
    main()
