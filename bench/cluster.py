"""Measure a cluster: how soon it works, what it asks of Slurm, and what its launcher costs.

Slurm is a private one (slurm/slurmtest/private-slurm), so munge and Slurm must be installed. Progress goes to standard
error, the table to standard output. See README.md for what the rows mean.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import clusterrun
import program
import table
from clusterrun import Site
from commands import Failed
from figures import Figure, Series, paired, whole

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
HEADER = ("row", "ours", "peer", "ratio", "note")
LEFT = (0, 4)
LIMIT = 300.0  # seconds that one measurement may take


def main() -> int:
    args = parse()
    chosen = program.chosen(args, ROWS)
    if not chosen:
        return 2
    lines, good = [], True
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for label, row in chosen.items():
            print(f"{label} ...", file=sys.stderr, flush=True)
            try:
                lines += row(Path(name), args)
            except (Failed, OSError, subprocess.SubprocessError) as e:
                lines.append([label, "failed", "", "", str(e).replace("\n", " ")[:200]])
                good = False
    print((table.markdown if args.markdown else table.text)(HEADER, LEFT, lines))
    print(f"\n- {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the end.")
    return 0 if good else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="small sizes")
    add("--runs", type=int, default=3, metavar="N", help="rounds; medians are over these")
    add("--rows", type=re.compile, default=re.compile(""), metavar="REGEX", help="start, rpc, dispatch, memory or restart")
    add("--binary", type=Path, default=ROOT / "bin" / "ewoks-hpc", metavar="FILE")
    add("--markdown", action="store_true", help="print a markdown table")
    return parser.parse_args()


@contextmanager
def private_slurm(nodes: int, cpus: int) -> Iterator[dict[str, str]]:
    """Run a private Slurm; it ends with its standard input, however this process ends."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        program = str(Path(folder) / "private-slurm")
        subprocess.run(["go", "build", "-o", program, "./slurm/slurmtest/private-slurm"], cwd=ROOT, check=True)
        command = [program, "-nodes", str(nodes), "-cpus", str(cpus)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            env = {}
            while "SLURM_CONF" not in env:
                line = process.stdout.readline()
                if not line:
                    raise Failed("the private Slurm did not start")
                name, _, value = line.removeprefix("export ").strip().partition("=")
                env[name] = value
            yield env
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(folder: Path, args: argparse.Namespace) -> list[list[str]]:
    """From nothing to the first task done, against sbatch of `true` and against dask-jobqueue."""
    ours, plain, dask = Series(), Series(), Series()
    with private_slurm(2, 2) as env:
        site = Site(args.binary, folder, env)
        for number in range(args.runs):
            order: list[tuple[Series, Callable[[], float]]] = [
                (ours, lambda: site.first_task(f"s{number}")), (plain, site.sbatch_true), (dask, site.dask_first_task)
            ]  # fmt: skip
            for series, measure in order if number % 2 == 0 else reversed(order):
                time.sleep(2 * random.random())  # Slurm starts jobs in turns: nobody may be in step with them
                try:
                    series.seconds.append(measure())
                except Failed as e:
                    series.problem = str(e)
    if ours.problem:
        raise Failed(ours.problem)
    return [
        _compared("start, s", ours, plain, "up and a run of one task; peer: sbatch of `true`, submit to end"),
        _compared("start, s", ours, dask, "peer: dask-jobqueue, nanny=False, one task"),
    ]


def _compared(row: str, ours: Series, peer: Series, note: str) -> list[str]:
    ratio = paired(ours, peer)
    lost = " (the peer is faster)" if ratio and ratio.median < 1 else ""
    text = table.range_of(ratio, 2) + lost if ratio else "-"
    return [row, table.whole(ours), table.whole(peer), text, peer.problem or note]


def rpc(_: Path, args: argparse.Namespace) -> list[list[str]]:
    """What Slurm is asked for by workers and runs."""
    workers, runs = (10, 20) if args.quick else (100, 200)
    with private_slurm(2, workers) as env, tempfile.TemporaryDirectory(prefix="bench-") as name:
        site = Site(args.binary, Path(name), env)
        sbatch, squeue, seconds = site.rpcs("rpc", workers, runs, 30 if args.quick else 120)
    asked = squeue / max(1.0, seconds / 15)
    return [
        [f"sbatch, {workers} workers, {runs} runs", str(sbatch), "", "", _aim(sbatch <= 1, "1 for the array")],
        [f"squeue a 15 s, {seconds:.0f} s", f"{asked:.2f}", "", "", _aim(asked <= 1, "1")],
    ]


def _aim(met: bool, text: str) -> str:
    return f"aim {text}: {'met' if met else 'missed'}"


def dispatch(folder: Path, args: argparse.Namespace) -> list[list[str]]:
    """The cost of a task to the launcher, with more and more workers that answer at once."""
    tasks = 10_000 if args.quick else 100_000
    lines, first = [], None
    for workers in (1, 100, 1_000):
        shots = [clusterrun.go_figures(folder, LIMIT, workers=workers, tasks=tasks) for _ in range(args.runs)]
        cost = whole(Series([s["seconds"] / tasks * 1e6 for s in shots]))
        cpu = whole(Series([s["cpu"] / tasks * 1e6 for s in shots]))
        memory = whole(Series([s["memory"] / workers / 1024 for s in shots]))
        assert cost and cpu and memory
        first = first or cost
        note = f"{cpu.median:.0f} us of processor, {memory.median:,.0f} KiB a worker; ratio is to one worker"
        lines.append([f"dispatch, {workers} workers, us", table.range_of(cost, 0), "", f"{cost.median / first.median:.1f}", note])
    return lines


def memory(folder: Path, args: argparse.Namespace) -> list[list[str]]:
    """The memory of a launcher with very many tasks that wait."""
    tasks = 100_000 if args.quick else 1_000_000
    shots = [clusterrun.go_figures(folder, LIMIT, queued=tasks) for _ in range(args.runs)]
    each = whole(Series([s["memory"] / 2**20 for s in shots]))
    peak = max(s["peak"] for s in shots) / 2**20
    return [[f"memory, {tasks:,} tasks queued, MiB", table.range_of(each, 0), "", "", f"peak {peak:,.0f} MiB"]]


def restart(_: Path, args: argparse.Namespace) -> list[list[str]]:
    """How soon a task begins again whose worker has gone."""
    lines = []
    for label, end, note in (
        ("kill -9", signal.SIGKILL, "its connection ends with it"),
        ("stop", signal.SIGSTOP, "its connection stays: only its heartbeats end"),
    ):
        seconds = []
        with private_slurm(2, 2) as env:
            for number in range(args.runs):
                with tempfile.TemporaryDirectory(prefix="bench-") as name:
                    seconds.append(Site(args.binary, Path(name), env).restart(f"r{number}", end))
        figure: Figure | None = whole(Series(seconds))
        lines.append([f"restart after {label} of a worker, s", table.range_of(figure, 2), "", "", note])
    return lines


ROWS: dict[str, Callable[[Path, argparse.Namespace], list[list[str]]]] = {
    "start": start, "rpc": rpc, "dispatch": dispatch, "memory": memory, "restart": restart,
}  # fmt: skip


if __name__ == "__main__":
    program.run(main)
