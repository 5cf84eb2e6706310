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
        _whole(ours.get(large)),
        _whole(peer.get(large)),
        _times(figures.paired_ratio(ours.get(large), peer.get(large))),
        _range(cost, 0),
        _range(peer_cost, 0),
        _times(figures.ratio(peer_cost, cost)),
        _times(growth),
        figures.verdict(cost, large.shape.aim(large.scheduler)),
    ]


def _whole(series: Series | None) -> str:
    if series is not None and series.problem:
        timed_out = series.problem.startswith("no answer")
        return series.problem if timed_out else "failed"
    return _range(figures.whole(series), 2)


def _range(figure: Figure | None, digits: int) -> str:
    if figure is None:
        return "-"
    middle, low, high = (f"{x:,.{digits}f}" for x in (figure.median, figure.low, figure.high))
    return f"{middle} [{low}, {high}]"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1f}"


def text(cells: Sequence[Sequence[str]]) -> str:
    """Lay the table out in aligned columns."""
    table = [HEADER, *cells]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEADER))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i in LEFT else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in table
    )


def markdown(cells: Sequence[Sequence[str]]) -> str:
    """Lay the table out as a markdown table."""
    rule = ["---" if i in LEFT else "---:" for i in range(len(HEADER))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [HEADER, rule, *cells])
