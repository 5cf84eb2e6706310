"""Clusters with an address and a status page."""

from typing import Any

from . import options
from .cluster import Cluster


def local_scheduler(**kw: Any) -> Cluster:
    """Bring up a cluster of worker processes of this machine.

    :param n_workers: number of processes, 1 by default
    :param threads_per_worker: tasks that a worker executes at a time, 1 by default
    :param kw: any option of ``ewoks-hpc up --local``, with underscores, and those of dask, see
        docs/migration.md
    :raises TypeError: for an option that cannot be used
    """
    kw.setdefault("n_workers", 1)
    return _announced(Cluster(True, options.local(kw)))


def slurm_scheduler(**kw: Any) -> Cluster:
    """Bring up a cluster of Slurm jobs.

    :param queue: the partition
    :param walltime: time limit of a job, ``"01:00:00"`` by default
    :param memory: memory of a job, ``"8GB"`` by default
    :param cores: CPUs of a job, 2 by default
    :param processes: interpreters of a job, which share its cores; by default one for each GPU,
        else one for each core
    :param gpus: GPUs of a job
    :param n_workers: number of worker processes, as with dask; ``jobs`` is the number of jobs, 1
        by default
    :param minimum_jobs, maximum_jobs: let the number of jobs follow the work
    :param job_extra_directives: list of directives, such as ``["--gres=gpu:1"]``
    :param pool: name of a pool of ``ewoks-hpc.toml``, where options without a value are looked up
    :param kw: any option of ``ewoks-hpc up``, with underscores, and those of dask, see
        docs/migration.md
    :raises TypeError: for an option that cannot be used
    """
    return _announced(Cluster(False, options.slurm(kw)))


def _announced(cluster: Cluster) -> Cluster:
    print("Address:", cluster.scheduler_address)
    print("Dashboard:", cluster.dashboard_link)
    return cluster
