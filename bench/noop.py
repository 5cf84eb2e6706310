"""The tasks that are measured: they do next to nothing, so that what is left is the cost of running a task."""

from typing import Any

from ewokscore import Task


def noop(*args: Any) -> int:
    """Return 0: the `method` task of the independent graphs."""
    return 0


def successor(value: int = 0) -> int:
    """Return ``value + 1``: the hop of a chain. The end of a chain of n hops is n, so a hop that got no value shows."""
    return value + 1


class Noop(Task, optional_input_names=["value"], output_names=["result"]):
    """The `class` task of the independent graphs."""

    def run(self) -> None:
        self.outputs.result = 0
