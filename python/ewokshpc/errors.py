"""Errors of ewoks-hpc as Python exceptions."""

import builtins
from typing import Dict
from typing import Type


class WorkflowFailed(RuntimeError):
    """A run failed for a reason that is no exception of a task: its interpreter died, it took
    too long, or the run was lost."""


class WorkflowCancelled(RuntimeError):
    """A run was cancelled."""


def from_answer(error: Dict[str, str]) -> Exception:
    """Return the exception for an error that the program answered with."""
    text = error["message"]
    if error.get("hint"):
        text += "\n" + error["hint"]
    return _class(error.get("type", ""))(text)


def _class(name: str) -> Type[Exception]:
    if name == "GraphSchemaError":
        from ewokscore.graph import schema

        found: Type[Exception] = getattr(schema, name, ValueError)
    else:
        found = getattr(builtins, name, RuntimeError)
    return found


def from_failure(failure: Dict[str, str]) -> Exception:
    """Return the exception for the failure of a run that no task has raised."""
    text = failure.get("message") or "the run failed"
    if failure.get("advice"):
        text += "\n" + failure["advice"]
    return WorkflowFailed(text)
