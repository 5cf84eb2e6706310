"""Measure the rows from Python, and lay them out as a table."""

import json
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import commands
import figures
import pyrows
import table
from commands import Failed
from figures import Figure, Series
from pyrows import Call, Row

HEADER = (
    "graph", "size", "scheduler", "peer",
    "ours, s", "peer, s", "ratio",
    "ours, us/unit", "peer, us/unit",
    "growth", "aim",
)  # fmt: skip
LEFT = (0, 2, 3, 10)  # columns of words


@dataclass
class Measured:
    """What the calls took, and importing each package before them."""

    calls: dict[Call, Series] = field(default_factory=dict)
    imports: dict[str, list[float]] = field(default_factory=dict)
    rounds: int = 0
    out_of_time: bool = False

    def problems(self) -> list[str]:
        """Return why there are figures missing, a line each."""
        return [f"{call}: {series.problem}" for call, series in self.calls.items() if series.problem]

    def ours_failed(self) -> bool:
        """Return whether a call of ours gave no answer, or a wrong one."""
        return any(s.problem for call, s in self.calls.items() if call.side == pyrows.OURS)


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often."""

    rows: list[Row]
    runs: int
    timeout: float  # seconds a process may take
    budget: float  # seconds after which no process is started
    compared: bool = True

    def groups(self) -> list[list[Call]]:
        """Return each call once; those of the same graph are together, in the order of the rows."""
        groups: dict[tuple[str, int], dict[Call, None]] = {}
        for row in self.rows:
            group = groups.setdefault((row.ours.kind.name, row.ours.size), {})
            group[row.ours] = None
            if row.peer and self.compared:
                group[row.peer] = None
        return [list(group) for group in groups.values()]


class Bench:
    """Runs calls in processes of their own, with copies of the program and of the package."""

    def __init__(self, binary: Path, package: Path, folder: Path) -> None:
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
        self._folder = folder
        self._environment = {
            "PYTHONPATH": f"{commands.BENCH}:{folder}",
            "EWOKSHPC_BINARY": str(shutil.copy2(binary, folder / "ewoks-hpc")),
            "XDG_STATE_HOME": str(folder / "state"),
        }

    def run(self, plan: Plan) -> Measured:
        """Measure every call once a round, ours and the peers of a graph in turns."""
        measured = Measured({call: Series() for group in plan.groups() for call in group})
        end = time.monotonic() + plan.budget
        for turn in range(plan.runs):
            for group in plan.groups():
                for call in group[::-1] if turn % 2 else group:  # neither is always the first
                    if time.monotonic() > end:
                        measured.out_of_time = True
                        return measured
                    said = self._sample(call, measured, plan.timeout)
                    print(f"round {turn + 1} of {plan.runs}, {call}: {said}", file=sys.stderr)
            measured.rounds = turn + 1
        return measured

    def _sample(self, call: Call, measured: Measured, timeout: float) -> str:
        series = measured.calls[call]
        if series.problem is None:
            try:
                imports, seconds = self.measure(call, timeout)
            except Failed as e:
                series.problem = str(e)
            else:
                series.seconds.append(seconds)
                measured.imports.setdefault(call.side, []).append(imports)
        return series.problem or f"{series.seconds[-1]:.3f} s"

    def measure(self, call: Call, timeout: float) -> tuple[float, float]:
        """Return the seconds of the imports and of the call, or raise Failed."""
        words = [sys.executable, str(commands.BENCH / "call.py"), call.side, str(self._graph(call, call.size))]
        words += ["--scheduler", call.scheduler]
        if call.scheduler == "cluster up":
            words += ["--warm", str(self._graph(call, call.kind.warm))]
        if call.kind.by_node:
            words.append("--by-node")
        printed, _, _ = commands.output(words, call.seconds(timeout), self._environment)
        answer = json.loads(printed)
        expected = call.kind.expected(call.size)
        if answer["outputs"] != expected:
            raise Failed(f"wrong outputs: {commands.differ(answer['outputs'], expected)}")
        return answer["imports"], answer["seconds"]

    def _graph(self, call: Call, size: int) -> Path:
        return pyrows.write_graph(call.kind, size, self._folder)


def lines(rows: Iterable[Row], measured: Measured) -> list[list[str]]:
    """Return the cells of ``rows``."""
    smaller: dict[tuple[str, str], Figure | None] = {}
    cells = []
    for row in rows:
        cost = _per_unit(row.ours, measured)
        like = (row.ours.kind.name, row.ours.scheduler)
        cells.append(_line(row, cost, smaller.get(like), measured))
        if row.ours.kind is not pyrows.START:
            smaller[like] = cost
    return cells


def _line(row: Row, cost: Figure | None, smaller: Figure | None, measured: Measured) -> list[str]:
    ours, peer = measured.calls.get(row.ours), measured.calls.get(row.peer) if row.peer else None
    ratio = figures.paired(ours, peer)
    aims = [figures.verdict(cost, row.aim), figures.at_least(ratio, row.times)]
    return [
        row.ours.kind.name,
        f"{row.ours.size:,}",
        row.ours.scheduler,
        f"{row.peer.side} {row.peer.scheduler}" if row.peer else "-",
        table.whole(ours, 3),
        table.whole(peer, 3),
        table.range_of(ratio, 1),
        table.range_of(cost, 0),
        table.range_of(_per_unit(row.peer, measured), 0),
        table.times(figures.ratio(cost, smaller)),
        ", ".join(aim for aim in aims if aim),
    ]


def _per_unit(call: Call | None, measured: Measured) -> Figure | None:
    whole = figures.whole(measured.calls.get(call)) if call else None
    return whole.times(1e6 / call.size) if whole and call else None


def notes(plan: Plan, measured: Measured) -> list[str]:
    """Return what must be known to read the table."""
    imports = ", ".join(f"{side} {median(s):.2f} s" for side, s in sorted(measured.imports.items()))
    said = [
        "From Python: the time of one call of execute_graph in a fresh process, after imports; us/unit is that divided"
        " by the tasks, iterations, arrays or runs.",
        f"Imports, which are not in the figures: {imports}. A process that is spawned imports again, which is.",
        f"Medians of {plan.runs} rounds [smallest, largest]; two workers.",
    ]
    if plan.compared:
        said.append("Peers: ewokscore.graph.taskgraph.validate_graph is replaced by nothing. Ours validates.")
    if measured.out_of_time:
        said.append(f"Out of time after {plan.budget:g} s: {measured.rounds} of {plan.runs} rounds were done.")
    return said + measured.problems()
