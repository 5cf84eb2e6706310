"""What is measured: graphs of a shape and size, and the outputs a run of each must have."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import graphs

SCHEDULERS = ("sequential", "multithreading", "multiprocessing", "cluster")


@dataclass(frozen=True)
class Shape:
    """One kind of graph."""

    name: str
    build: Callable[[int], dict[str, Any]]
    expected: Callable[[int], dict[str, Any]]  # outputs of the end nodes, by node
    sizes: tuple[int, ...]  # measured for both sides, rising
    growth: int  # one size more, for ours only
    local_aim: float | None  # microseconds
    cluster_aim: float | None

    def aim(self, scheduler: str) -> float | None:
        """Return the most a unit may cost, in microseconds, or None where nothing is asked."""
        return self.cluster_aim if scheduler == "cluster" else self.local_aim


@dataclass(frozen=True)
class Point:
    """What one command runs."""

    shape: Shape
    size: int
    scheduler: str

    def __str__(self) -> str:
        return f"{self.shape.name} {self.size} {self.scheduler}"


@dataclass(frozen=True)
class Row:
    """One line of the table: a point, and the smaller one its slope is taken from."""

    small: Point
    large: Point
    compared: bool  # measured for the peer too

    @property
    def name(self) -> str:
        """Return what ``--rows`` is matched against."""
        return str(self.large)


def rows(shape: Shape) -> Iterator[Row]:
    """Yield the rows of ``shape``, small sizes first."""
    sizes = [*shape.sizes, shape.growth]
    for small, large in pairwise(sizes):
        for scheduler in SCHEDULERS:
            yield Row(
                Point(shape, small, scheduler),
                Point(shape, large, scheduler),
                compared=large in shape.sizes,
            )


def write_graph(shape: Shape, size: int, folder: Path) -> Path:
    """Write the graph of ``shape`` with ``size`` nodes, unless it is there, and return its path."""
    path = folder / f"{shape.name.replace(' ', '-')}-{size}.json"
    if not path.exists():
        graph = {"id": path.stem}  # no schema version: the latest
        path.write_text(json.dumps({"graph": graph, **shape.build(size)}))
    return path


SHAPES = (
    Shape(
        name="method",
        build=graphs.method,
        expected=lambda n: {f"n{i}": {"return_value": 0} for i in range(n)},
        sizes=(100, 1_000, 10_000),
        growth=100_000,
        local_aim=60,
        cluster_aim=60,
    ),
    Shape(
        name="class",
        build=graphs.classes,
        expected=lambda n: {f"n{i}": {"result": 0} for i in range(n)},
        sizes=(100, 1_000, 10_000),
        growth=100_000,
        local_aim=None,
        cluster_aim=None,
    ),
    Shape(
        name="chain",
        build=graphs.chain,
        expected=lambda n: {f"n{n - 1}": {"return_value": n}},
        sizes=(30, 300, 3_000),
        growth=10_000,
        local_aim=80,
        cluster_aim=300,
    ),
)
