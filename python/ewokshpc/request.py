"""One run as its caller described it."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from typing import Dict
from typing import List
from typing import Optional
from typing import Sequence
from typing import Type

from . import document
from .document import Mark

#: The name of the engine in events.
ENGINE = "hpc"


@dataclass
class Request:
    """What to run and what to return; the attributes are those of ``execute_graph``."""

    graph: Any
    inputs: Optional[List[Dict[str, Any]]] = None
    load_options: Optional[Dict[str, Any]] = None
    outputs: Optional[List[Dict[str, Any]]] = None
    merge_outputs: bool = True
    varinfo: Optional[Dict[str, Any]] = None
    execinfo: Any = None
    task_options: Optional[Dict[str, Any]] = None
    keep_going: bool = False
    task_timeout: Optional[float] = None
    retries: int = 0
    retry_on: Sequence[str] = ()
    retry_delay: float = 0

    def load_arguments(self, mark: Mark) -> Dict[str, Any]:
        """Return the arguments of the call that loads the workflow."""
        source = document.describe_source(self.graph, self.load_options, mark)
        return {**source, "inputs": document.items(self.inputs, "inputs", mark)}

    def run_arguments(self, workflow: int, execinfo: Any, mark: Mark) -> Dict[str, Any]:
        """Return the arguments of the call that begins the run.

        :param workflow: the number of the workflow
        :param execinfo: what tasks need to send events
        """
        given = {"varinfo": self.varinfo, "execinfo": execinfo, "task_options": self.task_options}
        context = {key: value for key, value in given.items() if value is not None}
        return {
            "workflow": workflow,
            "outputs": document.items(self.outputs, "outputs", mark),
            "context": mark(context) if context else None,
            "keep_going": self.keep_going,
            "task_timeout": self.task_timeout or 0,
            "retries": self.retries,
            "retry_on": list(self.retry_on),
            "retry_delay": self.retry_delay,
            "dir": os.getcwd(),
            "python": sys.executable,
        }


class Events:
    """Sends the events of the job and of the workflow, from the calling process."""

    def __init__(self, execinfo: Any) -> None:
        """:param execinfo: as in ``execute_graph``"""
        self._given = execinfo
        self._stack = ExitStack()

    def __enter__(self) -> "Events":
        self.execinfo = self._stack.enter_context(_ewoks().job_context(self._given, engine=ENGINE))
        return self

    def begin_workflow(self, workflow_id: str) -> Any:
        """Send the start event of the workflow; return what tasks need to send theirs."""
        context = _ewoks().workflow_context(self.execinfo, workflow=workflow_id)
        return self._stack.enter_context(context)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self._stack.__exit__(kind, error, traceback)


def _ewoks() -> Any:
    """Import ewokscore's events only now: it takes a second, and fresh interpreters import what the
    main module imports."""
    from ewokscore import events

    return events
