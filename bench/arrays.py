"""The functions of the fan: arrays of 1 MB go out and come back."""

from typing import Any

import numpy

LENGTH = 1_000_000 // 8


def make() -> Any:
    """Return an array of 1 MB, all 0."""
    return numpy.zeros(LENGTH)


def add_one(array: Any) -> Any:
    """Return an array of 1 MB: a value that got lost or changed shows in the total."""
    return array + 1


def total(*arrays: Any) -> float:
    """Return the sum of all elements of all arrays."""
    return float(sum(array.sum() for array in arrays))
