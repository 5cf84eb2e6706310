"""Tests of the part that measures campaigns, for pytest. Some need bin/ewoks-hpc."""

import json
import os
from pathlib import Path

import pytest

import bench
import campaign
import campaigncases
import campaignrun
from campaigncases import KINDS, Kind
from campaignrun import Launcher, Site
from commands import Failed
from figures import Series

ROWS = 12
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    if not bench.BINARY.exists():
        pytest.skip("bin/ewoks-hpc is not built")
    return Site(bench.BINARY, tmp_path, 60)


@each_kind
def test_rows_are_carried_out_and_checked(site: Site, kind: Kind) -> None:
    with site.cluster() as launcher:
        with launcher.sampled() as samples:
            assert site.carry_out("rows", kind, ROWS) > 0
        assert min(samples) > 2**20
        assert launcher.memory()[1] >= launcher.memory()[0] > 0
        with pytest.raises(Failed, match=f"{ROWS} rows in the ledger, not {ROWS + 1}"):
            site.check("rows", kind, ROWS + 1)
        wrong = Kind(kind.name, kind.identifier, "another", kind.nodes)
        if kind.name != "script":
            with pytest.raises(Failed, match="row 0 is"):
                site.check("rows", wrong, ROWS)
    assert launcher.process is not None
    assert launcher.process.poll() is not None


def test_a_killed_launcher_goes_on(site: Site) -> None:
    with site.cluster() as launcher:
        shot = site.submit("rows", campaigncases.METHOD, ROWS)
        assert shot.seconds > 0
        assert shot.client > 2**20
        launcher.kill()
        assert launcher.start() > 0
        status = site.wait("rows", lambda s: s["done"] == ROWS, "all rows")
        assert status["failed"] == 0
        site.check("rows", campaigncases.METHOD, ROWS)


def test_a_launcher_that_does_not_start_says_why(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho no disk >&2\n")
    program.chmod(0o700)
    with pytest.raises(Failed, match="no disk"):
        Launcher(Site(program, tmp_path, 5)).start()


@pytest.mark.parametrize("kind", (campaigncases.METHOD, campaigncases.CLASS), ids=lambda kind: kind.name)
@pytest.mark.parametrize("way", [way for way, *_ in campaign.PEERS])
def test_peers_execute_rows(way: str, kind: Kind) -> None:
    assert campaignrun.peer(way, kind, 5, 120) > 0


def test_peers_tell_wrong_outputs() -> None:
    with pytest.raises(Failed, match="row 0 is"):
        campaignrun.peer("loop", campaigncases.SCRIPT, 5, 120)


def test_xargs_starts_processes() -> None:
    assert campaignrun.xargs(10, 30) > 0


def test_memory_of_processes() -> None:
    now, most = campaignrun.memory(os.getpid())
    assert most >= now > 2**20
    assert campaignrun.memory(0) == (0, 0)


def test_table_has_a_number_in_each_row(tmp_path: Path) -> None:
    assert campaigncases.write_table(tmp_path / "t.csv", 3).read_text() == "value\n0\n1\n2\n"


@each_kind
def test_workflows_are_chains(kind: Kind) -> None:
    document = kind.document()
    assert len(document["nodes"]) == kind.nodes == len(document["links"]) + 1
    json.dumps(document)


def test_rates_are_compared_by_seconds() -> None:
    line = campaign._compared("row", Series([0.001, 0.001]), Series([0.02, 0.011]), 10, "note")
    assert line == ["row", "1,000 [1,000, 1,000]", "65 [50, 91]", "15.50 [11.00, 20.00]", "10x met", "note"]
    slower = campaign._compared("row", Series([0.002]), Series([0.001]), 1, "note")
    assert slower[3].endswith("(the peer is faster)")


def test_memory_that_grows_is_missed() -> None:
    assert campaign._flat(119, 100, True) == ["", "1.19", "1.2 met"]
    assert campaign._flat(121, 100, True) == ["", "1.21", "1.2 missed"]
    assert campaign._flat(121, 100, False) == ["", "", ""]
