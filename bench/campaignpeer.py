"""The peers of campaigns: execute one workflow for each row, and print what it took as JSON.

Only the rows are timed, not the imports nor the start of the processes, which have executed some rows of the same
workflow before. Processes that are spawned import this file again: the rest is in main.

ewokscore 5.0.0 validates a chain of n nodes in 2^n steps, so validation is replaced by nothing, in all processes.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import distributed
import ewokscore
import ewoksdask
from ewokscore.graph import taskgraph

import campaigncases

WORKERS = 2
WARM = 20  # rows
CHUNK = 50  # rows that the loop hands to a process together
Row = tuple[dict[str, Any], int]


def no_validation() -> None:
    """Replace ``validate_graph`` by nothing."""
    if not hasattr(taskgraph, "validate_graph"):
        raise RuntimeError("ewokscore.graph.taskgraph has no validate_graph to replace")
    taskgraph.validate_graph = lambda graph: None


def execute(row: Row) -> dict[str, Any]:
    """Execute the workflow of a row in this process."""
    document, number = row
    return ewokscore.execute_graph(document, inputs=inputs(number))


def inputs(number: int) -> list[dict[str, Any]]:
    """Return what a row gives to the workflow."""
    return [{"id": "n0", "name": "value", "value": number}]


def loop(document: dict[str, Any], rows: int) -> float:
    """A plain loop over ``ewokscore.execute_graph`` in two processes."""
    with multiprocessing.Pool(WORKERS, initializer=no_validation) as pool:

        def all_rows(n: int) -> list[dict[str, Any]]:
            return pool.map(execute, [(document, i) for i in range(n)], max(1, min(CHUNK, n // WORKERS)))

        return timed(all_rows, rows)


def submit(document: dict[str, Any], rows: int) -> float:
    """One ``submit`` of dask for each row, whose function is ``ewokscore.execute_graph``."""
    with dask_client() as client:

        def all_rows(n: int) -> list[dict[str, Any]]:
            return client.gather([client.submit(execute, (document, i), pure=False) for i in range(n)])

        return timed(all_rows, rows)


def graph(document: dict[str, Any], rows: int) -> float:
    """One ``ewoksdask.execute_graph`` for each row, with the address of a cluster that is up: a client fails in 3.0.0.

    They follow one another: ewoksdask names the tasks of dask after the nodes, so two graphs at a time would be taken
    for one.
    """
    with dask_client() as client:
        address = client.scheduler_info()["address"]

        def one(i: int) -> dict[str, Any]:
            return ewoksdask.execute_graph(document, inputs=inputs(i), scheduler=address)

        return timed(lambda n: [one(i) for i in range(n)], rows)


def dask_client() -> distributed.Client:
    """Return the client of a cluster of processes of one thread each, whose end is that of the cluster."""
    no_validation()
    client = distributed.Client(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None)
    client.run(no_validation)
    return client


def timed(all_rows: Callable[[int], list[dict[str, Any]]], rows: int) -> float:
    """Return the seconds of so many rows; wrong outputs end the program."""
    all_rows(min(WARM, rows))
    begun = time.perf_counter()
    outputs = all_rows(rows)
    seconds = time.perf_counter() - begun
    for i, found in enumerate(outputs):
        if list(found.values()) != [i + campaigncases.NODES]:
            sys.exit(f"row {i} is {found}")
    return seconds


WAYS = {"loop": loop, "submit": submit, "graph": graph}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("kind", choices=campaigncases.KINDS)
    parser.add_argument("rows", type=int)
    args = parser.parse_args()
    seconds = WAYS[args.way](campaigncases.KINDS[args.kind].document(), args.rows)
    json.dump({"seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "error")
    main()
