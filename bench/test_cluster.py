"""Tests of what is measured of a cluster, for pytest."""

from pathlib import Path

import clusterrun

SDIAG = """
Remote Procedure Call statistics by message type
\tREQUEST_JOB_INFO                        ( 2003) count:3      ave_time:147    total_time:443
\tREQUEST_JOB_INFO_SINGLE                 ( 2021) count:4      ave_time:147    total_time:443
\tREQUEST_PARTITION_INFO                  ( 2009) count:5      ave_time:137    total_time:413
\tREQUEST_SUBMIT_BATCH_JOB                ( 4003) count:1      ave_time:137    total_time:413
"""


def test_requests_are_counted() -> None:
    assert clusterrun._count(SDIAG, "REQUEST_JOB_INFO") == 7
    assert clusterrun._count(SDIAG, "REQUEST_SUBMIT_BATCH_JOB") == 1
    assert clusterrun._count(SDIAG, "REQUEST_CANCEL") == 0


def test_simulated_workers_do_all_tasks(tmp_path: Path) -> None:
    figures = clusterrun.go_figures(tmp_path, 60, workers=3, tasks=500)
    assert figures["workers"] == 3
    assert figures["tasks"] == 500
    assert 0 < figures["seconds"] < 60


def test_tasks_are_queued(tmp_path: Path) -> None:
    figures = clusterrun.go_figures(tmp_path, 60, queued=2000, graph=500)
    assert figures["tasks"] == 2000
    assert figures["memory"] > 0
