"""The peer of the start: get one task done with dask-jobqueue on Slurm."""

import sys

import noop
from dask_jobqueue import SLURMCluster
from distributed import Client


def main() -> None:
    with (
        SLURMCluster(
            cores=1, memory="1GB", processes=1, nanny=False, interface="lo", python=sys.executable,
            job_directives_skip=["--mem"], log_directory=None, scheduler_options={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        cluster.scale(jobs=1)
        if client.submit(noop.noop).result(timeout=120) != 0:
            raise SystemExit("wrong result")


if __name__ == "__main__":
    main()
