"""The functions that are measured: they do next to nothing, so that what is left is the cost of running a task."""

from typing import Any


def noop(*args: Any) -> int:
    """Return 0: the `method` task of the independent graphs."""
    return 0


def successor(value: int = 0) -> int:
    """Return ``value + 1``: the hop of a chain. The end of a chain of n hops is n, so a hop that got no value shows."""
    return value + 1
