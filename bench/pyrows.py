"""What is measured from Python: one call of ``execute_graph`` for each figure."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import graphs

OURS = "ewokshpc"
PPF_SECONDS = 60.0  # enough for 100 iterations; a loop of ewoksppf grows with the square, or worse


@dataclass(frozen=True)
class Kind:
    """One kind of graph, by the number of units in it."""

    name: str
    unit: str
    build: Callable[[int], graphs.Document]
    expected: Callable[[int], dict[str, Any]]  # outputs, by node if by_node
    by_node: bool = True
    warm: int = 10  # units of the graph that warms a cluster up


@dataclass(frozen=True)
class Call:
    """One call of ``execute_graph``."""

    side: str  # the package
    kind: Kind
    size: int
    scheduler: str

    def __str__(self) -> str:
        return f"{self.side} {self.kind.name} {self.size} {self.scheduler}"

    def seconds(self, timeout: float) -> float:
        """Return how long the call may take."""
        return min(timeout, PPF_SECONDS) if self.side == "ewoksppf" else timeout


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    ours: Call
    peer: Call | None = None
    aim: float | None = None  # microseconds of a unit, at most
    times: float = 1.0  # what the peer takes by what ours takes, at least
    quick: bool = True  # measured in quick mode too
    slow_peer: bool = False  # but not the peer

    @property
    def name(self) -> str:
        """Return what ``--rows`` is matched against."""
        return f"{self.ours.kind.name} {self.ours.size} {self.ours.scheduler}"


CLASS = Kind("class", "task", graphs.classes, lambda n: {f"n{i}": {"result": 0} for i in range(n)})
METHOD = Kind("method", "task", graphs.method, lambda n: {f"n{i}": {"return_value": 0} for i in range(n)}, warm=100)
LOOP = Kind("loop", "iteration", graphs.loop, lambda n: {"return_value": n + 1}, by_node=False)
FAN = Kind("fan 1 MB", "array", graphs.fan, lambda n: {"end": {"return_value": float(n * 125_000)}})
START = Kind("start", "run", lambda n: graphs.chain(2), lambda n: {"return_value": 2}, by_node=False)


def quick_rows() -> list[Row]:
    """Return the rows that take seconds, without the peers that do not."""
    return [replace(row, peer=None) if row.slow_peer else row for row in rows() if row.quick]


def rows() -> Iterator[Row]:
    """Yield all rows; what comes first is measured first, should time run out."""
    yield from _starts()
    yield _against("ewoksdask", METHOD, 1_000, "cluster up", times=20.0)
    for size in (1_000, 10_000):
        for scheduler in ("sequential", "fork"):
            peer = Call("ewokscore", CLASS, size, "sequential")
            yield Row(Call(OURS, CLASS, size, scheduler), peer, quick=size <= 1_000)
    for size in (10, 100, 1_000, 10_000, 100_000):
        for scheduler in ("sequential", "fork", "cluster up"):
            yield loop_row(size, scheduler)
    for scheduler in ("cluster up", "cluster"):
        yield _against("ewoksdask", FAN, 100, scheduler, quick=scheduler == "cluster up")


def _against(peer: str, kind: Kind, size: int, scheduler: str, **more: Any) -> Row:
    return Row(Call(OURS, kind, size, scheduler), Call(peer, kind, size, scheduler), **more)


def loop_row(size: int, scheduler: str) -> Row:
    """Return the row of a loop, whose peer is asked for as far as it may answer."""
    peer = Call("ewoksppf", LOOP, size, "its own") if size <= 1_000 else None
    quick = size in (10, 1_000) and scheduler != "cluster up"
    aim = 300 if size >= 100 else None  # fewer are mostly the start
    return Row(Call(OURS, LOOP, size, scheduler), peer, aim, quick=quick, slow_peer=size >= 100)


def _starts() -> Iterator[Row]:
    aim = 300_000
    core, ppf = Call("ewokscore", START, 1, "sequential"), Call("ewoksppf", START, 1, "its own")
    yield Row(Call(OURS, START, 1, "sequential"), core, aim)
    yield Row(Call(OURS, START, 1, "fork"), ppf, aim)
    yield _against("ewoksdask", START, 1, "multithreading", aim=aim, quick=False)
    yield _against("ewoksdask", START, 1, "fork", aim=aim)
    yield _against("ewoksdask", START, 1, "spawn", aim=aim, quick=False)
    yield _against("ewoksdask", START, 1, "cluster", aim=aim, quick=False)


def write_graph(kind: Kind, size: int, folder: Path) -> Path:
    """Write the graph of ``kind`` with ``size`` units, unless it is there, and return its path."""
    path = folder / f"py-{kind.name.replace(' ', '-')}-{size}.json"
    if not path.exists():
        path.write_text(json.dumps({"graph": {"id": path.stem}, **kind.build(size)}))
    return path
