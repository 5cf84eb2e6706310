"""Measure whole commands from the shell: each runs one graph, from its start to its exit."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cases
import commands
from cases import Point, Row
from commands import Failed, Side
from figures import Series

PEER_PACKAGES = ("ewoksdask", "ewokscore", "dask", "distributed")
# A pool or cluster is started for each command of these: the slowest rows of the peer.
SLOW_PEER = ("multiprocessing", "cluster")


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often."""

    rows: list[Row]
    peer_points: set[Point]
    runs: int
    timeout: float  # seconds a command may take
    budget: float  # seconds after which no command is started

    def points(self) -> list[Point]:
        """Return each point once, in the order of the rows."""
        return list(dict.fromkeys(p for row in self.rows for p in (row.small, row.large)))


@dataclass
class Results:
    """What both sides took."""

    ours: dict[Point, Series]
    peer: dict[Point, Series]
    out_of_time: bool = False

    def problems(self) -> list[str]:
        """Return why there are figures missing, a line each."""
        sides = (("ours", self.ours), ("peer", self.peer))
        return [
            f"{name}, {point}: {series.problem}"
            for name, measured in sides
            for point, series in measured.items()
            if series.problem
        ]


def make_plan(rows: list[Row], args: argparse.Namespace, timeout: float, budget: float) -> Plan:
    """Choose how often and on which side to measure ``rows``."""
    compared = [] if args.ours_only else [r for r in rows if r.compared]
    if args.quick:
        compared = [r for r in compared if r.large.scheduler not in SLOW_PEER]
    return Plan(
        rows=rows,
        peer_points={p for r in compared for p in (r.small, r.large)},
        runs=args.runs,
        timeout=timeout,
        budget=budget,
    )


def run(plan: Plan, ours: Side, peer: Side, folder: Path) -> Results:
    """Measure every point once a round, both sides one after the other; graphs are written to ``folder``."""
    points = plan.points()
    results = Results({p: Series() for p in points}, {p: Series() for p in points if p in plan.peer_points})
    end = time.monotonic() + plan.budget
    graphs = {p: cases.write_graph(p.shape, p.size, folder) for p in points}
    warm_up(plan, graphs, [ours, peer] if plan.peer_points else [ours])
    for turn in range(plan.runs):
        for i, point in enumerate(points):
            if time.monotonic() > end:
                results.out_of_time = True
                return results
            pair = [(ours, results.ours[point])]
            if point in results.peer:
                pair.append((peer, results.peer[point]))
            if (turn + i) % 2:  # neither side is always the first
                pair.reverse()
            said = [sample(side, series, point, graphs[point], plan.timeout) for side, series in pair]
            print(f"round {turn + 1} of {plan.runs}, {point}: {', '.join(said)}", file=sys.stderr)
    return results


def warm_up(plan: Plan, graphs: dict[Point, Path], sides: Sequence[Side]) -> None:
    """Run the smallest graph once on each side, so that no figure pays for a cold file cache."""
    point = min(graphs, key=lambda p: (p.size, cases.SCHEDULERS.index(p.scheduler)))
    for side in sides:
        sample(side, Series(), point, graphs[point], plan.timeout)


def sample(side: Side, series: Series, point: Point, graph: Path, timeout: float) -> str:
    """Add one run to ``series``, unless one failed before, and say what came of it."""
    if series.problem is None:
        try:
            series.seconds.append(commands.measure(side, point, graph, timeout))
        except Failed as e:
            series.problem = str(e)
    return f"{side.name} {series.problem or f'{series.seconds[-1]:.2f} s'}"


def notes(plan: Plan, results: Results, quick: bool) -> list[str]:
    """Return what must be known to read the table."""
    said = [
        "From the shell: whole commands; us/node is the slope between two sizes.",
        f"Medians of {plan.runs} runs [smallest, largest]; {commands.WORKERS} workers of one thread each.",
    ]
    if plan.peer_points:
        versions = ", ".join(f"{p} {version(p)}" for p in PEER_PACKAGES)
        said.append(
            f"Peer: {versions}, with ewokscore.graph.taskgraph.validate_graph replaced by nothing in every row,"
            " because it takes 2^n steps for a chain of n. Ours validates."
        )
    if quick:
        said.append(
            "Quick: class tasks, graphs over 1,000 nodes and the slowest peer rows"
            f" ({' and '.join(SLOW_PEER)}) are left out."
        )
    if results.out_of_time:
        runs = [len(s.seconds) for s in (*results.ours.values(), *results.peer.values()) if not s.problem]
        fewest, most = min(runs, default=0), max(runs, default=0)
        said.append(f"Out of time after {plan.budget:g} s: medians are of {fewest} to {most} runs.")
    return said + results.problems()
