"""Run one graph with ewoksdask and print its outputs as JSON: the peer's whole command.

ewokscore 5.0.0 validates a chain of n nodes in 2^n steps, so validation is replaced by nothing
(it also upgrades old schema versions, which these graphs do not have). Outputs are printed by node,
so that they can be counted.
"""

import argparse
import json
import sys
from typing import Any

from ewokscore.graph import taskgraph
from ewoksdask import execute_graph

# None is not sequential here: ewoksdask takes it for "multiprocessing".
SCHEDULERS = ("sequential", "multithreading", "multiprocessing", "cluster")


def skip_validation(graph: Any) -> None:
    """Stand in for ``validate_graph``."""


def scheduler_options(scheduler: str, workers: int) -> dict[str, Any]:
    """Return the options that give ``scheduler`` this many workers of one thread each."""
    if scheduler == "sequential":
        return {}
    if scheduler == "cluster":
        return {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    return {"num_workers": workers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph")
    parser.add_argument("--scheduler", choices=SCHEDULERS, required=True)
    parser.add_argument("--workers", type=int, required=True)
    args = parser.parse_args()

    if not hasattr(taskgraph, "validate_graph"):
        sys.exit("ewokscore.graph.taskgraph has no validate_graph to replace")
    taskgraph.validate_graph = skip_validation
    outputs = execute_graph(
        args.graph,
        scheduler=args.scheduler,
        scheduler_options=scheduler_options(args.scheduler, args.workers),
        merge_outputs=False,
    )
    json.dump(outputs, sys.stdout)


if __name__ == "__main__":  # workers that are spawned import this file
    main()
