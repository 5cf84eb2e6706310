"""From seconds to figures: medians, ranges, slopes and ratios."""

from dataclasses import dataclass, field
from statistics import median

from cases import Point, Row


@dataclass
class Series:
    """What one side took for one point, round by round."""

    seconds: list[float] = field(default_factory=list)
    problem: str | None = None  # why there is no figure


@dataclass(frozen=True)
class Figure:
    """A median with its smallest and largest."""

    median: float
    low: float
    high: float

    def times(self, factor: float) -> "Figure":
        """Return the figure in another unit."""
        return Figure(self.median * factor, self.low * factor, self.high * factor)


def whole(series: Series | None) -> Figure | None:
    """Return the seconds of the whole command, or None if there are none."""
    if series is None or series.problem or not series.seconds:
        return None
    return _figure(series.seconds, median(series.seconds))


def marginal(row: Row, series: dict[Point, Series]) -> Figure | None:
    """Return the microseconds that one more node costs between the two sizes of ``row``.

    The figure is the slope between the two medians; its range is that of the slopes of single rounds.
    """
    small, large = whole(series.get(row.small)), whole(series.get(row.large))
    if small is None or large is None:
        return None
    scale = 1e6 / (row.large.size - row.small.size)
    rounds = zip(series[row.small].seconds, series[row.large].seconds)
    slopes = [(b - a) * scale for a, b in rounds]
    return _figure(slopes, (large.median - small.median) * scale)


def _figure(values: list[float], middle: float) -> Figure:
    return Figure(middle, min(*values, middle), max(*values, middle))


def paired_ratio(ours: Series | None, peer: Series | None) -> float | None:
    """Return the median over rounds of what the peer took for each second of ours."""
    figure = paired(ours, peer)
    return figure.median if figure else None


def paired(ours: Series | None, peer: Series | None) -> Figure | None:
    """Return what the peer took for each second of ours, round by round."""
    if ours is None or peer is None or ours.problem or peer.problem:
        return None
    ratios = [p / o for o, p in zip(ours.seconds, peer.seconds)]
    return _figure(ratios, median(ratios)) if ratios else None


def ratio(above: Figure | None, below: Figure | None) -> float | None:
    """Return how many times ``below`` is in ``above``, or None where noise left no sensible slope."""
    if above is None or below is None or above.median <= 0 or below.median <= 0:
        return None
    return above.median / below.median


def verdict(cost: Figure | None, aim: float | None) -> str:
    """Compare a cost with its aim: met, missed, or unclear.

    It is unclear where rounds differ about it, where there was one round only, and where
    noise made a larger graph the faster one.
    """
    if aim is None or cost is None:
        return ""
    if cost.low <= aim < cost.high or cost.low <= 0 or cost.low == cost.high:
        return f"{aim:,.0f} unclear"
    return f"{aim:,.0f} met" if cost.high <= aim else f"{aim:,.0f} missed"


def at_least(ratio: Figure | None, aim: float) -> str:
    """Compare a ratio with the least that it is to be: met, missed, or unclear as above."""
    if ratio is None:
        return ""
    if ratio.low < aim <= ratio.high or ratio.low == ratio.high:
        return f"{aim:g}x unclear"
    return f"{aim:g}x met" if ratio.low >= aim else f"{aim:g}x missed"
