"""Clusters: a launcher with its workers, and runs on them."""

from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any
from typing import Dict
from typing import Iterable
from typing import Optional
from typing import Type

from . import document
from . import errors
from . import results
from .bridge import Bridge
from .bridge import Message
from .bridge import shared
from .calls import Calls
from .futures import WorkflowFuture
from .request import Events
from .request import Request


class Connection:
    """A way to a cluster on which workflows can be run."""

    def __init__(self) -> None:
        self._calls = Calls(Bridge())

    @classmethod
    def to(cls, cluster: str) -> "Connection":
        """Connect to a cluster that is up.

        :param cluster: its name, or the address that it has printed
        """
        connection = cls()
        try:
            connection._calls.ask("connect", cluster)
        except BaseException:
            connection.close()
            raise
        return connection

    #: Whether workers are processes of this machine, which import the caller's main module.
    local = False

    def submit(self, request: Request, events: Events) -> WorkflowFuture:
        """Begin a run; when it ends, ``events`` is exited."""
        mark = partial(document.pickled, main=self.local)
        args = request.load_arguments(mark)
        loaded = self._calls.ask("load", args)
        if "need" in loaded:
            loaded = self._calls.ask("load", {**args, "required": document.required_inputs(loaded["need"])})
        execinfo = events.begin_workflow(loaded["id"])
        more = request.run_arguments(loaded["workflow"], execinfo, mark)
        more["prepare"] = document.preparation() if self.local else document.search_path()
        return self._begin(more, events, request.merge_outputs)

    def _begin(self, args: Dict[str, Any], events: Events, merge: bool) -> WorkflowFuture:
        future = WorkflowFuture()
        values = shared("caller").make_values()

        def hear(message: Optional[Message]) -> None:
            if message is not None and "printed" in message[0]:
                results.show_printed(message[0]["printed"])
                return
            outputs, error = None, None
            try:
                outputs = _outputs(message, values, merge)
            except Exception as raised:
                error = raised
            events.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
            future.settle(outputs, error)

        number = self._calls.begin("submit", args, hear)
        future.begun(lambda: self._cancel(number))
        return future

    def _cancel(self, number: int) -> None:
        with suppress(OSError, RuntimeError):  # the program has ended, and the run with it
            self._calls.begin("cancel", number, lambda _: None)

    def close(self) -> None:
        """End the connection; runs that have not ended are cancelled."""
        self._calls.close()


def _outputs(message: Optional[Message], values: Any, merge: bool) -> Dict[Any, Any]:
    if message is None:
        raise errors.WorkflowFailed("the connection to the cluster was closed before the run ended")
    if "error" in message[0]:
        raise errors.from_answer(message[0]["error"])
    return results.finish(message, values, merge)


class Cluster(Connection):
    """A cluster that belongs to this process: it ends with it, or when it is closed.

    Used as a context manager, it is closed at the end.
    """

    def __init__(self, local: bool, arguments: Iterable[str]) -> None:
        """
        :param local: workers are processes of this machine, else Slurm jobs
        :param arguments: options of ``ewoks-hpc up``, as on a command line
        """
        document.check_main()
        super().__init__()
        self.local = local
        try:
            info = self._calls.ask("up", {"local": local, "arguments": list(arguments)})
        except BaseException:
            self.close()
            raise
        #: The name, for ``ewoks-hpc status --cluster NAME``.
        self.name: str = info["name"]
        #: The address, for ``execute_graph(scheduler=...)`` in any process of this user.
        self.scheduler_address: str = info["address"]
        #: The link to the status page, with its token.
        self.dashboard_link: str = info["page"]

    def scale(self, n: Optional[int] = None, jobs: Optional[int] = None) -> None:
        """Keep a fixed number of worker jobs (of a local cluster: worker processes).

        :param n: the number; ``jobs`` says the same
        """
        number = n if jobs is None else jobs
        if number is None:
            raise TypeError("scale needs the number of jobs")
        self._calls.ask("scale", {"jobs": number})

    def adapt(
        self,
        minimum_jobs: int = 0,
        maximum_jobs: Optional[int] = None,
        minimum: Optional[int] = None,
        maximum: Optional[int] = None,
    ) -> None:
        """Let the number of worker jobs follow the work.

        :param minimum_jobs: jobs that are kept without work; ``minimum`` says the same
        :param maximum_jobs: the most jobs; ``maximum`` says the same
        """
        least = minimum_jobs if minimum is None else minimum
        most = maximum_jobs if maximum is None else maximum
        if most is None:
            raise TypeError("adapt needs maximum_jobs: a cluster without a limit could fill the queue")
        self._calls.ask("scale", {"min_jobs": least, "max_jobs": most})

    def job_script(self) -> str:
        """Return the script of a worker job.

        :raises RuntimeError: when workers are no Slurm jobs
        """
        script: str = self._calls.ask("job_script")
        return script

    def overview(self) -> Dict[str, Any]:
        """Return what the status page shows: jobs, workers, runs and notices."""
        overview: Dict[str, Any] = self._calls.ask("overview")
        return overview

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.scheduler_address}>"
