"""Clusters with an address and a status page."""

import sys
from typing import Any
from typing import Dict
from typing import List

from .cluster import Cluster


def local_scheduler(**options: Any) -> Cluster:
    """Bring up a cluster of worker processes of this machine.

    :param n_workers: number of processes, 1 by default
    :param threads_per_worker: tasks that a worker executes at a time, 1 by default
    :param options: any option of ``ewoks-hpc up --local``, with underscores
    """
    options.setdefault("n_workers", 1)
    return _announced(Cluster(True, arguments(options)))


def slurm_scheduler(**options: Any) -> Cluster:
    """Bring up a cluster of Slurm jobs.

    :param queue: the partition
    :param walltime: time limit of a job, ``"01:00:00"`` by default
    :param memory: memory of a job, ``"8GB"`` by default
    :param cores: CPUs of a job, 2 by default
    :param processes: interpreters among which they are divided
    :param gpus: GPUs of a job
    :param n_workers: number of jobs, 1 by default; ``jobs`` says the same
    :param minimum_jobs, maximum_jobs: let the number of jobs follow the work
    :param job_extra_directives: list of directives, such as ``["--gres=gpu:1"]``
    :param options: any option of ``ewoks-hpc up``, with underscores
    """
    options.setdefault("walltime", "01:00:00")
    options.setdefault("cores", 2)
    options.setdefault("memory", "8GB")
    jobs = options.pop("n_workers", None)
    maximum = options.pop("maximum_jobs", None)
    minimum = options.pop("minimum_jobs", 0)
    if maximum:
        options.update(min_jobs=minimum, max_jobs=maximum)
    elif jobs is not None:
        options["jobs"] = jobs
    return _announced(Cluster(False, arguments(options)))


def arguments(options: Dict[str, Any]) -> List[str]:
    """Return keyword options as options of the program."""
    options = {"python": sys.executable, **options}
    words: List[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        for item in value if isinstance(value, (list, tuple)) else [value]:
            words.append(flag if item is True else f"{flag}={item}")
    return words


def _announced(cluster: Cluster) -> Cluster:
    print("Address:", cluster.scheduler_address)
    print("Dashboard:", cluster.dashboard_link)
    return cluster
