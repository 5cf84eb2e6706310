"""The table: one line a row, as aligned text or as markdown."""

from collections.abc import Sequence

import figures
from cases import Point, Row
from figures import Figure, Series

Measured = dict[Point, Series]

HEADER = (
    "graph", "nodes", "scheduler",
    "ours, s", "peer, s", "ratio",
    "ours, us/node", "peer, us/node", "ratio",
    "growth", "aim",
)  # fmt: skip
LEFT = (0, 2, 10)  # columns of words; the others are numbers


def lines(rows: Sequence[Row], ours: Measured, peer: Measured) -> list[list[str]]:
    """Return the cells of ``rows``."""
    before = {row.large: row for row in rows}
    return [_line(row, before.get(row.small), ours, peer) for row in rows]


def _line(row: Row, before: Row | None, ours: Measured, peer: Measured) -> list[str]:
    large = row.large
    cost, peer_cost = figures.marginal(row, ours), figures.marginal(row, peer)
    growth = figures.ratio(cost, figures.marginal(before, ours)) if before else None
    return [
        large.shape.name,
        f"{large.size:,}",
        large.scheduler,
        whole(ours.get(large)),
        whole(peer.get(large)),
        times(figures.paired_ratio(ours.get(large), peer.get(large))),
        range_of(cost, 0),
        range_of(peer_cost, 0),
        times(figures.ratio(peer_cost, cost)),
        times(growth),
        figures.verdict(cost, large.shape.aim(large.scheduler)),
    ]


def whole(series: Series | None, digits: int = 2) -> str:
    """Return the seconds of a whole command or call, or why there are none."""
    if series is not None and series.problem:
        timed_out = series.problem.startswith("no answer")
        return series.problem if timed_out else "failed"
    return range_of(figures.whole(series), digits)


def range_of(figure: Figure | None, digits: int) -> str:
    """Return a median with its smallest and largest."""
    if figure is None:
        return "-"
    middle, low, high = (f"{x:,.{digits}f}" for x in (figure.median, figure.low, figure.high))
    return f"{middle} [{low}, {high}]"


def times(ratio: float | None) -> str:
    """Return a ratio."""
    return "-" if ratio is None else f"{ratio:.1f}"


def text(header: Sequence[str], left: Sequence[int], cells: Sequence[Sequence[str]]) -> str:
    """Lay a table out in aligned columns; those in ``left`` are words."""
    lines = [header, *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i in left else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )


def markdown(header: Sequence[str], left: Sequence[int], cells: Sequence[Sequence[str]]) -> str:
    """Lay a table out as markdown; the columns in ``left`` are words."""
    rule = ["---" if i in left else "---:" for i in range(len(header))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, rule, *cells])
