"""Tests of the part that measures calls from Python, for pytest. They need bin/ewoks-hpc."""

from pathlib import Path

import pytest

import bench
import figures
import pyrows
import pyrun
from figures import Figure, Series
from pyrows import Call, Row


@pytest.fixture
def calls(tmp_path: Path) -> pyrun.Bench:
    if not bench.BINARY.exists():
        pytest.skip("bin/ewoks-hpc is not built")
    return pyrun.Bench(bench.BINARY, bench.ROOT / "python" / "ewokshpc", tmp_path)


KINDS = (pyrows.CLASS, pyrows.METHOD, pyrows.LOOP, pyrows.FAN, pyrows.START)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_ours_runs_every_kind(calls: pyrun.Bench, kind: pyrows.Kind) -> None:
    imports, seconds = calls.measure(Call(pyrows.OURS, kind, 3, "sequential"), 60)
    assert imports > 0
    assert seconds > 0


PEERS = (("ewokscore", pyrows.CLASS), ("ewoksdask", pyrows.FAN), ("ewoksppf", pyrows.LOOP), ("ewoksppf", pyrows.START))


@pytest.mark.parametrize(("side", "kind"), PEERS, ids=lambda p: getattr(p, "name", p))
def test_peers_run_what_they_are_compared_by(calls: pyrun.Bench, side: str, kind: pyrows.Kind) -> None:
    assert calls.measure(Call(side, kind, 3, "sequential"), 60)[1] > 0


def test_a_cluster_is_up_before_the_call(calls: pyrun.Bench) -> None:
    up = calls.measure(Call(pyrows.OURS, pyrows.METHOD, 10, "cluster up"), 60)[1]
    cold = calls.measure(Call(pyrows.OURS, pyrows.METHOD, 10, "cluster"), 60)[1]
    assert up < cold


def test_wrong_outputs_are_no_figure(calls: pyrun.Bench) -> None:
    wrong = pyrows.Kind("wrong", "task", pyrows.METHOD.build, lambda n: {"n0": {"return_value": 1}})
    call = Call(pyrows.OURS, wrong, 1, "sequential")
    measured = calls.run(pyrun.Plan([Row(call)], runs=1, timeout=60, budget=60))
    assert "wrong outputs: n0 is" in measured.problems()[0]
    assert measured.ours_failed()
    assert pyrun.lines([Row(call)], measured)[0][4] == "failed"


def test_a_peer_without_an_answer_is_said_to_have_none(calls: pyrun.Bench) -> None:
    row = Row(Call(pyrows.OURS, pyrows.START, 1, "sequential"), Call("ewoksppf", pyrows.LOOP, 100_000, "its own"))
    measured = calls.run(pyrun.Plan([row], runs=1, timeout=10, budget=60))
    assert measured.calls[row.peer].problem == "no answer within 10 s"
    assert not measured.ours_failed()
    assert pyrun.lines([row], measured)[0][5:7] == ["no answer within 10 s", "-"]


def test_a_call_is_measured_once_a_round_and_rounds_turn() -> None:
    rows = [r for r in pyrows.rows() if r.ours.kind is pyrows.LOOP and r.ours.size == 100]
    (group,) = pyrun.Plan(rows, runs=3, timeout=60, budget=60).groups()
    assert [c.side for c in group] == ["ewokshpc", "ewoksppf", "ewokshpc", "ewokshpc"]
    (alone,) = pyrun.Plan(rows, runs=3, timeout=60, budget=60, compared=False).groups()
    assert {c.side for c in alone} == {"ewokshpc"}


def test_line() -> None:
    small, large = (pyrows.loop_row(n, "fork") for n in (100, 1_000))
    seconds = {
        small.ours: [0.02, 0.03, 0.04],
        small.peer: [0.6, 0.6, 0.6],
        large.ours: [0.3, 0.1, 0.2],
        large.peer: [0.1, 0.1, 0.1],
    }
    measured = pyrun.Measured({call: Series(s) for call, s in seconds.items() if call})
    first, second = pyrun.lines([small, large], measured)
    assert first[4:6] == ["0.030 [0.020, 0.040]", "0.600 [0.600, 0.600]"]
    assert first[6:] == ["20.0 [15.0, 30.0]", "300 [200, 400]", "6,000 [6,000, 6,000]", "-", "300 unclear, 1x met"]
    assert second[6:] == ["0.5 [0.3, 1.0]", "200 [100, 300]", "100 [100, 100]", "0.7", "300 met, 1x unclear"]


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (Figure(25, 21, 30), "20x met"),
        (Figure(25, 19, 30), "20x unclear"),
        (Figure(10, 5, 19), "20x missed"),
        (Figure(25, 25, 25), "20x unclear"),
        (None, ""),
    ],
)
def test_at_least(ratio: Figure | None, said: str) -> None:
    assert figures.at_least(ratio, 20) == said


def test_quick_rows_leave_slow_peers_out() -> None:
    assert all(row.peer is None for row in pyrows.quick_rows() if row.slow_peer)
    assert any(row.peer for row in pyrows.quick_rows())
