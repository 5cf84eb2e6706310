"""Running workflows."""

import threading
from contextlib import ExitStack
from contextlib import closing
from typing import Any
from typing import Dict
from typing import List
from typing import Optional
from typing import Sequence
from typing import Union

from . import local
from . import options as cluster_options
from .cluster import Cluster
from .cluster import Connection
from .futures import WorkflowFuture
from .local import Begun
from .request import Events
from .request import Request

LOCAL = ("sequential", "multithreading", "multiprocessing")

#: How to run a workflow: the name of a scheduler, the name or address of a cluster, or a cluster.
Scheduler = Union[str, Cluster, None]


def execute_graph(
    graph: Any,
    inputs: Optional[List[Dict[str, Any]]] = None,
    load_options: Optional[Dict[str, Any]] = None,
    outputs: Optional[List[Dict[str, Any]]] = None,
    merge_outputs: Optional[bool] = True,
    varinfo: Optional[Dict[str, Any]] = None,
    execinfo: Any = None,
    task_options: Optional[Dict[str, Any]] = None,
    scheduler: Scheduler = None,
    scheduler_options: Optional[Dict[str, Any]] = None,
    keep_going: bool = False,
    task_timeout: Optional[float] = None,
    retries: int = 0,
    retry_on: Sequence[str] = (),
    retry_delay: float = 0,
) -> Dict[Any, Any]:
    """Run a workflow and return its outputs.

    :param graph: a mapping, a path, JSON text or an ewokscore ``TaskGraph``; with conditions, error
        handlers and loops if it has them
    :param inputs: list of mappings with ``name``, ``value`` and ``id``, ``label``,
        ``task_identifier`` or ``all``; without a selector they are for the start nodes
    :param load_options: ``representation``, ``root_dir``, ``root_module``
    :param outputs: list of mappings with ``name``, ``new_name`` and a selector as above; by
        default all outputs of the end nodes
    :param merge_outputs: one mapping of names to values; else one for each node, by its id
    :param varinfo: where results are kept: ``root_uri`` and ``scheme``
    :param execinfo: events: a job id, a mapping with ``job_id`` and ``handlers``, or False for none
    :param task_options: more arguments for the constructor of each task
    :param scheduler: None or "sequential": in this process; "multithreading": in its threads;
        "multiprocessing"; "cluster": worker processes for the length of the run; "slurm": Slurm
        jobs for the length of the run; or the name or address of a cluster, or a ``Cluster``
    :param scheduler_options: ``num_workers``; of multiprocessing also ``context``, "spawn" or
        "fork"; of "cluster" and "slurm" those of ``local_scheduler`` and ``slurm_scheduler``
    :param keep_going: an error that no link handles ends its branch only; the run fails if no end
        node has ended, as with pypushflow
    :param task_timeout: seconds that a task may take; not in this process
    :param retries: how often a task that raised an exception is tried again
    :param retry_on: names of the exception classes to try again after; by default all
    :param retry_delay: seconds until the first of these attempts; doubles with each
    :returns: values by name, or by node id and name
    :raises RuntimeError: when a task fails; its exception is the cause
    """
    request = Request(
        graph,
        inputs,
        load_options,
        outputs,
        bool(merge_outputs),
        varinfo,
        execinfo,
        task_options,
        keep_going,
        task_timeout,
        retries,
        retry_on,
        retry_delay,
    )
    return _execute(request, scheduler, scheduler_options, begun=lambda stop: None)


def _execute(
    request: Request, scheduler: Scheduler, scheduler_options: Optional[Dict[str, Any]], begun: Begun
) -> Dict[Any, Any]:
    """Run a workflow; ``begun`` gets a function that ends the run, once it has begun."""
    options = dict(scheduler_options or {})
    with Events(request.execinfo) as events, ExitStack() as stack:
        if scheduler is None or scheduler in LOCAL:
            return local.run(str(scheduler or "sequential"), request, events, options, begun)
        future = _connection(stack, scheduler, options).submit(request, _Kept(events))
        begun(future.cancel)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


def _connection(stack: ExitStack, scheduler: Scheduler, options: Dict[str, Any]) -> Connection:
    """Return the cluster that is meant; the stack closes what is opened for it."""
    if scheduler == "cluster":
        return stack.enter_context(Cluster(True, cluster_options.local(options)))
    if scheduler == "slurm":
        return stack.enter_context(Cluster(False, cluster_options.slurm(options)))
    if options:
        raise TypeError(f"a cluster that is up takes no options, got {', '.join(sorted(options))}")
    if isinstance(scheduler, Connection):
        return scheduler
    if not isinstance(scheduler, str):
        raise ValueError(f"unknown scheduler {scheduler!r}")
    return stack.enter_context(closing(Connection.to(scheduler)))


class _Kept(Events):
    """Events that the caller exits itself."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def begin_workflow(self, workflow_id: str) -> Any:
        return self._events.begin_workflow(workflow_id)

    def __exit__(self, *_: Any) -> None:
        return None


def submit_graph(
    graph: Any,
    scheduler: Scheduler = None,
    scheduler_options: Optional[Dict[str, Any]] = None,
    execinfo: Any = None,
    **options: Any,
) -> WorkflowFuture:
    """Begin to run a workflow and return its future.

    Takes the arguments of :func:`execute_graph`. On a cluster the workflow is loaded and submitted
    before this returns; otherwise it is run by a thread of this process.
    """
    request = Request(graph, execinfo=execinfo, **options)
    if not isinstance(scheduler, Connection):
        return _in_thread(request, scheduler, scheduler_options)
    if scheduler_options:
        raise TypeError(f"a cluster that is up takes no options, got {', '.join(sorted(scheduler_options))}")
    events = Events(execinfo)
    events.__enter__()
    try:
        return scheduler.submit(request, events)
    except BaseException as error:
        events.__exit__(type(error), error, error.__traceback__)
        raise


def _in_thread(request: Request, scheduler: Scheduler, scheduler_options: Optional[Dict[str, Any]]) -> WorkflowFuture:
    future = WorkflowFuture()

    def execute() -> None:
        outputs, error = None, None
        try:
            outputs = _execute(request, scheduler, scheduler_options, future.begun)
        except BaseException as raised:
            error = raised
        future.settle(outputs, error)

    threading.Thread(target=execute, name="ewoks-hpc run", daemon=True).start()
    return future
