"""Measure ewoks-hpc from outside against its peers: same graphs, same machine, same minutes.

Two tables go to standard output, of commands from the shell and of calls from Python; progress goes to standard
error. See README.md for what the columns mean.
"""

import argparse
import os
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cases
import commands
import pyrows
import pyrun
import shell
import table

ROOT = commands.BENCH.parent
BINARY = ROOT / "bin" / "ewoks-hpc"
PARTS = ("shell", "python")
# No command is started after these seconds, so that both parts and what is under way are done in two minutes.
QUICK_SECONDS = {"shell": 40.0, "python": 45.0}
QUICK_TIMEOUT = {"shell": 12.0, "python": 20.0}  # dask takes seconds to bring a cluster up
RUNS, QUICK_RUNS = 3, 5  # quick ones are the noisier, and stop when time is up
TIMEOUT = 180.0


def main() -> int:
    args = parse()
    if not os.access(args.binary, os.X_OK):
        print(f"{args.binary} is no program; build it, or name one with --binary", file=sys.stderr)
        return 2
    parts = [part for part in PARTS if args.part in (part, "all")]
    rows = {part: all_rows(part, args.quick) for part in parts}
    chosen = {part: [r for r in rows[part] if args.rows.search(r.name)] for part in parts}
    if not any(chosen.values()):
        print(f"no row matches {args.rows.pattern!r}; rows are:", file=sys.stderr)
        print("\n".join(f"  {r.name}" for part in parts for r in rows[part]), file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    run = {"shell": run_shell, "python": run_python}
    good = [run[part](chosen[part], args) for part in parts if chosen[part]]
    cores = len(os.sched_getaffinity(0))
    print(f"- {cores} cores, load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end.")
    print("- What else ran on the machine is in these figures.")
    return 0 if all(good) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="small graphs and fast peer rows only, under two minutes")
    add("--part", choices=(*PARTS, "all"), default="all", help="measure one table only")
    add("--ours-only", action="store_true", help="leave the peers out")
    add(
        "--rows", type=re.compile, default=re.compile(""), metavar="REGEX", help='rows to measure, like "^method 1000 "'
    )
    add("--binary", type=Path, default=BINARY, metavar="FILE", help="default: bin/ewoks-hpc of this repository")
    add("--markdown", action="store_true", help="print markdown tables")
    add(
        "--runs",
        type=positive,
        metavar="N",
        help=f"rounds; medians are over these (default: {RUNS}, quick: up to {QUICK_RUNS})",
    )
    add(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        help=f"of one command (default: {TIMEOUT:g}; quick: "
        + ", ".join(f"{part} {seconds:g}" for part, seconds in QUICK_TIMEOUT.items())
        + ")",
    )
    args = parser.parse_args()
    args.runs = args.runs or (QUICK_RUNS if args.quick else RUNS)
    return args


def positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def all_rows(part: str, quick: bool) -> list[cases.Row] | list[pyrows.Row]:
    """Return the rows of one part."""
    if part == "python":
        return pyrows.quick_rows() if quick else list(pyrows.rows())
    rows = [r for shape in cases.SHAPES for r in cases.rows(shape)]
    return [r for r in rows if not quick or (r.large.size <= 1_000 and r.large.shape.name != "class")]


def timeout(part: str, args: argparse.Namespace) -> float:
    """Return the seconds that a command may take."""
    return args.timeout or (QUICK_TIMEOUT[part] if args.quick else TIMEOUT)


def budget(part: str, args: argparse.Namespace) -> float:
    """Return the seconds after which nothing more is started."""
    return QUICK_SECONDS[part] if args.quick else float("inf")


def run_shell(rows: list[cases.Row], args: argparse.Namespace) -> bool:
    """Measure commands, print their table, and return whether all of ours were good."""
    plan = shell.make_plan(rows, args, timeout("shell", args), budget("shell", args))
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        results = shell.run(plan, commands.ours(args.binary, folder), commands.peer(), folder)
    cells = table.lines(plan.rows, results.ours, results.peer)
    show(table.HEADER, table.LEFT, cells, shell.notes(plan, results, args.quick), args.markdown)
    return not any(s.problem for s in results.ours.values())


def run_python(rows: list[pyrows.Row], args: argparse.Namespace) -> bool:
    """Measure calls from Python, print their table, and return whether all of ours were good."""
    plan = pyrun.Plan(rows, args.runs, timeout("python", args), budget("python", args), compared=not args.ours_only)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        measured = pyrun.Bench(args.binary, ROOT / "python" / "ewokshpc", Path(name)).run(plan)
    show(pyrun.HEADER, pyrun.LEFT, pyrun.lines(rows, measured), pyrun.notes(plan, measured), args.markdown)
    return not measured.ours_failed()


def show(header: Sequence[str], left: Sequence[int], cells: list[list[str]], notes: list[str], markdown: bool) -> None:
    """Print one table and the notes below it."""
    print((table.markdown if markdown else table.text)(header, left, cells))
    print()
    for note in notes:
        print(f"- {note}")
    print(flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end what is under way, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
