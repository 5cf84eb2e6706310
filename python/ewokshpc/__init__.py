"""Run ewoks workflows with ewoks-hpc: in this process, in others, or on a cluster.

>>> from ewokshpc import execute_graph
>>> execute_graph("workflow.json", scheduler="multiprocessing")  # doctest: +SKIP
{'result': 16}
"""

from .cluster import Cluster
from .errors import WorkflowCancelled
from .errors import WorkflowFailed
from .execute import execute_graph
from .execute import submit_graph
from .futures import WorkflowFuture
from .schedulers import local_scheduler
from .schedulers import slurm_scheduler

__version__ = "0.1.0"

__all__ = [
    "Cluster",
    "WorkflowCancelled",
    "WorkflowFailed",
    "WorkflowFuture",
    "execute_graph",
    "local_scheduler",
    "slurm_scheduler",
    "submit_graph",
]
