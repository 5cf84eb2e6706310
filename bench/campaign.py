"""Measure campaigns on a local cluster of two workers: how fast rows go, and what very many of them cost.

Progress goes to standard error, the table to standard output. See README.md for what the rows mean.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import campaigncases
import campaignrun
import figures
import program
import table
from campaigncases import CLASS, METHOD, SCRIPT, Kind
from campaignrun import MIB, Launcher, Site
from commands import BENCH, Failed
from figures import Figure, Series

ROOT = BENCH.parent
HEADER = ("row", "ours", "peer", "ratio", "aim", "note")
LEFT = (0, 4, 5)
STATUSES = 9  # times that the status is asked for
ASKED = 0.2  # seconds that the status may take
FLAT = 1.2  # times that memory may grow by when there are ten times as many rows
Line = list[str]


def main() -> int:
    args = parse()
    chosen = program.chosen(args, ROWS)
    if not chosen:
        return 2
    load, lines, good = os.getloadavg()[0], [], True
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        args.binary = Path(shutil.copy2(args.binary, Path(name) / "ewoks-hpc"))  # a build meanwhile changes nothing
        for label, row in chosen.items():
            print(f"{label} ...", file=sys.stderr, flush=True)
            try:
                lines += row(args)
            except (Failed, OSError) as e:
                lines.append([label, "failed", "", "", "", str(e).replace("\n", " ")[:200]])
                good = False
    print((table.markdown if args.markdown else table.text)(HEADER, LEFT, lines))
    cores = len(os.sched_getaffinity(0))
    print(f"\n- {cores} cores, load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end.")
    return 0 if good else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="a tenth of the rows")
    add("--runs", type=int, default=3, metavar="N", help="rounds of rate and script; medians are over these")
    add("--rows", type=re.compile, default=re.compile(""), metavar="REGEX", help=", ".join(ROWS))
    add("--ours-only", action="store_true", help="leave the peers out")
    add("--binary", type=Path, default=ROOT / "bin" / "ewoks-hpc", metavar="FILE")
    add("--timeout", type=float, default=600.0, metavar="SECONDS", help="of one command (default: 600)")
    add("--markdown", action="store_true", help="print a markdown table")
    return parser.parse_args()


@contextmanager
def cluster(args: argparse.Namespace) -> Iterator[tuple[Site, Launcher]]:
    """Have a cluster of its own folder."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        site = Site(args.binary, Path(name), args.timeout)
        with site.cluster() as launcher:
            yield site, launcher


# The peers of `rate`: how they go about it, for how many rows, and what their rate is to be exceeded by.
PEERS = (
    ("loop", 10_000, 1.0, "loop over ewokscore.execute_graph, 2 processes"),
    ("submit", 2_000, 10.0, "dask: submit(ewokscore.execute_graph) for each row"),
    ("graph", 200, 10.0, "ewoksdask.execute_graph for each row, on a cluster that is up"),
)


def rate(args: argparse.Namespace) -> list[Line]:
    """Rows a second, of three nodes each."""
    return [line for kind in (METHOD, CLASS) for line in _rate(kind, args)]


def _rate(kind: Kind, args: argparse.Namespace) -> list[Line]:
    rows = _size(10_000, args)
    mine, peers = Series(), {way: Series() for way, *_ in PEERS}
    for number in range(args.runs):
        with cluster(args) as (site, launcher):
            launcher.warm(kind)
            mine.seconds.append(site.carry_out(f"rate{number}", kind, rows) / rows)
        for way, most, *_ in () if args.ours_only else PEERS:
            size = _size(most, args)
            try:
                peers[way].seconds.append(campaignrun.peer(way, kind, size, args.timeout) / size)
            except Failed as e:
                peers[way].problem = str(e)
    label = f"{kind.name}, {rows:,} rows, rows/s"
    if args.ours_only:
        return [[label, _rates(mine), "", "", "", ""]]
    return [_compared(label, mine, peers[way], aim, note) for way, _, aim, note in PEERS]


def script(args: argparse.Namespace) -> list[Line]:
    """Processes a second: of the rows of a campaign, and of the nodes of a run."""
    rows, nodes = _size(10_000, args), 1_000
    campaign, run, many, few = Series(), Series(), Series(), Series()
    with cluster(args) as (site, launcher):
        launcher.warm(SCRIPT)
        workflow = site.workflow(campaigncases.scripts(nodes))
        for number in range(args.runs):
            campaign.seconds.append(site.carry_out(f"script{number}", SCRIPT, rows) / rows)
            run.seconds.append(site.ours("run", workflow, "--quiet")[1] / nodes)
            if not args.ours_only:
                many.seconds.append(campaignrun.xargs(rows, args.timeout) / rows)
                few.seconds.append(campaignrun.xargs(nodes, args.timeout) / nodes)
    note = f"xargs -P2 -n1 {campaigncases.PROGRAM}"
    return [
        _compared(f"script, {rows:,} rows, rows/s", campaign, many, 1 / 1.3, note),
        _compared(f"script, run of {nodes:,} nodes, nodes/s", run, few, 1 / 1.3, note),
    ]


def memory(args: argparse.Namespace) -> list[Line]:
    """The memory of a launcher while it carries a campaign out."""
    lines: list[Line] = []
    before: tuple[float, float] | None = None
    for rows in (_size(10_000, args), _size(100_000, args)):
        with cluster(args) as (site, launcher):
            with launcher.sampled() as samples:
                site.submit("many", METHOD, rows)
                site.wait("many", lambda s: s["done"] == rows, "all rows", 0.5)
            site.check("many", METHOD, rows)
            sizes = (median(samples), launcher.memory()[1])
        for what, now, small in zip(("median of the time", "most"), sizes, before or sizes):
            cells = _flat(now, small, before is not None)
            lines.append([f"memory, {rows:,} rows, {what}, MiB", f"{now / MIB:.0f}", *cells, ""])
        before = sizes
    return lines


def _flat(now: float, small: float, compared: bool) -> Line:
    """Return the cells from the peer to the aim of memory that must not grow."""
    return ["", f"{now / small:.2f}", _verdict(now <= FLAT * small, f"{FLAT}")] if compared else ["", "", ""]


def submit(args: argparse.Namespace) -> list[Line]:
    """The submission of a long table to a cluster that begins with it at once."""
    lines: list[Line] = []
    before: tuple[int, int] | None = None
    for rows in (_size(100_000, args), _size(1_000_000, args)):
        with cluster(args) as (site, launcher):
            launcher.warm(METHOD)
            shot = site.submit("many", METHOD, rows)
            server = launcher.memory()[1]
            waiting = site.status("many")[0]
            if sum(waiting[state] for state in ("waiting", "running", "done")) != rows:
                raise Failed(f"{rows} rows submitted, and the ledger has {waiting}")
            site.ours("campaign", "cancel", "many")
        sizes = (shot.client, server)
        each = f"{shot.seconds / rows * 1e6:.0f} us a row"
        lines.append([f"submit, {rows:,} rows, s", f"{shot.seconds:.1f}", "", "", "", each])
        for who, now, small in zip(("client", "launcher"), sizes, before or sizes):
            cells = _flat(now, small, before is not None)
            lines.append([f"submit, {rows:,} rows, {who}, MiB", f"{now / MIB:.0f}", *cells, "the most it had"])
        before = sizes
    return lines


def resume(args: argparse.Namespace) -> list[Line]:
    """A launcher is killed when half of a campaign is done; it goes on, and is given the campaign again."""
    rows = _size(100_000, args)
    with cluster(args) as (site, launcher):
        site.submit("half", METHOD, rows)
        under_way = _statuses(site)
        site.wait("half", lambda s: s["done"] >= rows // 2, "half of the rows", 0.01)
        launcher.kill()
        before = site.status("half")[0]["done"]
        if before == rows:
            raise Failed("all rows were done before the launcher was killed")
        begun = time.perf_counter()
        launcher.start()
        site.wait("half", lambda s: s["done"] > before, "another row", 0.01)
        again = time.perf_counter() - begun
        shot = site.submit("half", METHOD, rows)
        site.wait("half", lambda s: s["done"] == rows, "all rows", 0.5)
        site.check("half", METHOD, rows)
        attempts = sum(row["attempts"] for row in site.rows("half"))
        ended = _statuses(site)
    twice = f"{attempts - rows:,} attempts more than rows"
    return [
        *(_status_line(rows, when, figure) for when, figure in (("under way", under_way), ("ended", ended))),
        [
            f"resume, {before:,} of {rows:,} rows done, s", f"{again:.1f}", "", "", "",
            f"`up` after kill -9 to the next row; {twice}",
        ],
        ["resume, the same submitted again, s", f"{shot.seconds:.1f}", "", "", "", ""],
    ]  # fmt: skip


def _status_line(rows: int, when: str, figure: Figure) -> Line:
    aim = _verdict(figure.median < ASKED, f"{ASKED} s")
    return [f"status, {rows:,} rows, {when}, s", table.range_of(figure, 2), "", "", aim, "the whole command"]


def _statuses(site: Site) -> Figure:
    figure = figures.whole(Series([site.status("half")[1] for _ in range(STATUSES)]))
    assert figure is not None
    return figure


def _size(rows: int, args: argparse.Namespace) -> int:
    return rows // 10 if args.quick else rows


def _compared(label: str, mine: Series, peer: Series, aim: float, note: str) -> Line:
    ratio = figures.paired(mine, peer)
    text = table.range_of(ratio, 2) + (" (the peer is faster)" if ratio and ratio.median < 1 else "") if ratio else "-"
    return [label, _rates(mine), _rates(peer), text, _at_least(ratio, aim), peer.problem or note]


def _rates(series: Series) -> str:
    """Return the rows a second where a row takes so many seconds."""
    figure = figures.whole(series)
    if figure is None:
        return "failed" if series.problem else "-"
    return table.range_of(Figure(1 / figure.median, 1 / figure.high, 1 / figure.low), 0)


def _at_least(ratio: Figure | None, aim: float) -> str:
    return figures.at_least(ratio, aim).replace(f"{aim:g}x", f"{aim:.3g}x")


def _verdict(met: bool, aim: str) -> str:
    return f"{aim} {'met' if met else 'missed'}"


ROWS: dict[str, Callable[[argparse.Namespace], list[Line]]] = {
    "rate": rate, "script": script, "memory": memory, "submit": submit, "resume": resume,
}  # fmt: skip


if __name__ == "__main__":
    program.run(main)
