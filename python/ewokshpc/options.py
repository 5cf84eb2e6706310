"""Options of clusters, and what becomes of those that dask has for its clusters.

The table of docs/migration.md says the same in words; a test compares the two.
"""

import math
import sys
import warnings
from dataclasses import dataclass
from typing import Any
from typing import Dict
from typing import List
from typing import Mapping
from typing import Union


@dataclass(frozen=True)
class Renamed:
    """An option that has another name here."""

    to: str


@dataclass(frozen=True)
class Ignored:
    """An option without effect, which is accepted with a warning."""

    why: str


@dataclass(frozen=True)
class Refused:
    """An option that cannot be left out without changing what the caller wants."""

    why: str


Fate = Union[Renamed, Ignored, Refused]

_PAGE = "the page has an address of its own, see dashboard_link"
_PORT = "the launcher chooses its port, see scheduler_address"
_FILES = "dask's configuration is not read: give the options, or pool=NAME with ewoks-hpc.toml"
_LOOP = "calls wait; submit_graph returns a future"
_LOOPBACK = "workers of this machine use its loopback interface"
_WORKER = "only the workers of ewoks-hpc know how to talk to it"
_LIFETIME = "they are arguments of a dask worker; workers here finish before their walltime ends by themselves"
_LIMIT = "the memory of workers is not limited, except by Slurm"

#: What becomes of dask's options for all clusters.
BOTH: Mapping[str, Fate] = {
    "name": Renamed("cluster"),
    "address": Ignored(_PORT),
    "scheduler_port": Ignored(_PORT),
    "dashboard_address": Ignored(_PAGE),
    "worker_dashboard_address": Ignored("workers have no page; the one of the cluster shows them"),
    "silence_logs": Ignored("only warnings of the launcher are printed"),
    "nanny": Ignored("an interpreter that dies is always replaced"),
    "scheduler_kwargs": Ignored(_PORT),
    "scheduler_options": Ignored(_PORT),
    "protocol": Ignored("the protocol is always TLS"),
    "security": Ignored("connections are always encrypted and authenticated, with keys of this cluster"),
    "loop": Ignored(_LOOP),
    "asynchronous": Refused(_LOOP),
    "scheduler_cls": Refused(_WORKER),
    "worker_class": Refused(_WORKER),
    "worker_command": Refused(_WORKER),
    "config_name": Refused(_FILES),
}

#: The same for clusters of processes of this machine only.
LOCAL: Mapping[str, Fate] = {
    **BOTH,
    "host": Ignored(_LOOPBACK),
    "ip": Ignored(_LOOPBACK),
    "interface": Ignored(_LOOPBACK),
    "memory_limit": Ignored(_LIMIT),
    "local_directory": Ignored("large values are kept with the state of the cluster"),
    "death_timeout": Ignored("workers of this machine end with the cluster"),
    "resources": Ignored("a worker executes any task"),
}

#: The same for clusters of Slurm jobs only.
SLURM: Mapping[str, Fate] = {
    **BOTH,
    "project": Renamed("account"),
    "job_extra": Renamed("job_extra_directives"),
    "header_skip": Renamed("job_directives_skip"),
    "env_extra": Renamed("job_script_prologue"),
    "host": Renamed("advertise"),
    "worker_extra_args": Ignored(_LIFETIME),
    "extra": Ignored(_LIFETIME),
    "shared_temp_directory": Ignored("keys are in the state directory of the cluster"),
}


def local(options: Mapping[str, Any]) -> List[str]:
    """Return the arguments of the program for a cluster of processes of this machine.

    :param options: those of ``local_scheduler``
    :raises TypeError: for an option that cannot be used
    """
    given = dict(options)
    if given.pop("processes", True) is False:
        raise TypeError('option processes=False: tasks run in threads of this process with scheduler="multithreading"')
    return arguments(_without_dask(given, LOCAL))


def slurm(options: Mapping[str, Any]) -> List[str]:
    """Return the arguments of the program for a cluster of Slurm jobs.

    :param options: those of ``slurm_scheduler``
    :raises TypeError: for an option that cannot be used
    """
    given = _without_dask(options, SLURM)
    if given.get("job_mem"):  # takes the place of memory, which dask wants besides
        given.pop("memory", None)
    if "pool" not in given:  # else they may be in ewoks-hpc.toml
        given.setdefault("walltime", "01:00:00")
        given.setdefault("cores", 2)
        if not any(given.get(name) for name in ("job_mem", "mem_per_cpu", "exclusive")):
            given.setdefault("memory", "8GB")
    size = _take_size(given)
    return arguments({**given, **size})


def _take_size(given: Dict[str, Any]) -> Dict[str, Any]:
    """Take the options about the number of jobs, and return them in the words of the program."""
    workers, jobs = given.pop("n_workers", None), given.pop("jobs", None)
    least, most = given.pop("minimum_jobs", 0), given.pop("maximum_jobs", 0)
    if most:
        return {"min_jobs": least or 0, "max_jobs": most}
    if jobs is None and workers is not None:  # a worker of dask is a process
        jobs = math.ceil(workers / (given.get("processes") or 1))
    return {"jobs": jobs}


def _without_dask(options: Mapping[str, Any], table: Mapping[str, Fate]) -> Dict[str, Any]:
    """Return the options in the words of the program."""
    given: Dict[str, Any] = {}
    for name, value in options.items():
        fate = table.get(name)
        if fate is None:
            given[name] = value
        elif value is None or value is False and isinstance(fate, Refused):
            continue  # not asked for
        elif isinstance(fate, Refused):
            raise TypeError(f"option {name}: {fate.why}")
        elif isinstance(fate, Ignored):
            warnings.warn(f"option {name} has no effect: {fate.why}", UserWarning, stacklevel=4)
        elif not options.get(fate.to):
            given[fate.to] = value
    return given


def arguments(options: Mapping[str, Any]) -> List[str]:
    """Return keyword options as arguments of the program; None and False are not given."""
    words: List[str] = []
    for name, value in {"python": sys.executable, **options}.items():
        flag = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        for item in value if isinstance(value, (list, tuple)) else [value]:
            words.append(flag if item is True else f"{flag}={item}")
    return words
