"""Tests of what the benchmark says, for pytest."""

import sys
from pathlib import Path

import pytest

import cases
import commands
import figures
from cases import Point, Row
from commands import Failed, Side
from figures import Figure, Series

METHOD = cases.SHAPES[0]
POINT = Point(METHOD, 2, "sequential")


def program(script: str, peer: bool = False) -> Side:
    """A side that is a small Python program."""
    return Side("program", [sys.executable, "-c", script], peer)


@pytest.mark.parametrize(
    ("script", "peer", "reason"),
    [
        ("""print('{"return_value": 0}'); import sys; print("2 tasks done", file=sys.stderr)""", False, None),
        ("""print('{"return_value": 0}'); import sys; print("1 task done", file=sys.stderr)""", False, "1 tasks"),
        ("""print('{"return_value": 0}')""", False, "no tasks"),
        ("""print('{"return_value": 1}')""", False, "return_value is 1, not 0"),
        ("""print('{"n0": {"return_value": 0}, "n1": {"return_value": 0}}')""", True, None),
        ("""print('{"n0": {"return_value": 0}}')""", True, "1 instead of 2"),
        ("print('{')", True, "no JSON"),
        ("import sys; sys.exit('broken')", True, "exit code 1: broken"),
    ],
)
def test_outcome_is_checked(script: str, peer: bool, reason: str | None) -> None:
    if reason is None:
        assert commands.measure(program(script, peer), POINT, Path("graph"), 30) > 0
        return
    with pytest.raises(Failed, match=reason):
        commands.measure(program(script, peer), POINT, Path("graph"), 30)


def test_timeout_ends_the_command_and_its_children(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    held = f"import fcntl, time; f = open({str(lock)!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
    script = f"import subprocess, sys; {held}; subprocess.run(['sleep', '60'], pass_fds=[f.fileno()])"
    with pytest.raises(Failed, match="no answer within 1 s"):
        commands.measure(program(script), POINT, Path("graph"), 1)
    take = f"import fcntl; fcntl.flock(open({str(lock)!r}), fcntl.LOCK_EX); print('{{}}')"
    with pytest.raises(Failed, match="instead of"):  # it got the lock, which the child held too
        commands.measure(program(take), POINT, Path("graph"), 10)


def test_marginal_cost_is_the_slope_between_medians() -> None:
    row = Row(Point(METHOD, 100, "sequential"), Point(METHOD, 1_100, "sequential"), True)
    series = {row.small: Series([1.0, 1.2, 1.1]), row.large: Series([1.2, 1.3, 1.5])}
    cost = figures.marginal(row, series)
    assert cost is not None
    assert (cost.median, cost.low, cost.high) == pytest.approx((200, 100, 400))
    series[row.large].problem = "no answer within 1 s"
    assert figures.marginal(row, series) is None


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (Figure(50, 40, 60), "60 met"),
        (Figure(50, 40, 61), "60 unclear"),
        (Figure(70, 61, 80), "60 missed"),
        (Figure(50, -1, 55), "60 unclear"),
        (Figure(50, 50, 50), "60 unclear"),
        (None, ""),
    ],
)
def test_verdict(cost: Figure | None, said: str) -> None:
    assert figures.verdict(cost, 60) == said


@pytest.mark.parametrize("shape", cases.SHAPES, ids=lambda shape: shape.name)
def test_peer_runs_every_shape(shape: cases.Shape, tmp_path: Path) -> None:
    graph = cases.write_graph(shape, 5, tmp_path)
    commands.measure(commands.peer(), Point(shape, 5, "sequential"), graph, 60)
