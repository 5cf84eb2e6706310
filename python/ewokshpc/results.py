"""From the outcome of a run to what ``execute_graph`` returns or raises."""

import sys
from typing import Any
from typing import Dict
from typing import List
from typing import Optional

from . import errors
from .bridge import Message
from .bridge import shared


def finish(message: Message, values: Any, merge: bool) -> Dict[Any, Any]:
    """Return the outputs of a run that succeeded.

    :param message: the program's message of the outcome
    :param values: the values of the run in this process
    :param merge: one mapping for all nodes, else a mapping for each
    :raises Exception: the one that ended the run
    """
    header, blobs = message
    outcome = header["outcome"]
    outputs, error = shared("caller").load(outcome, blobs, values)
    if outcome["status"] == "succeeded":
        return _merged(outputs) if merge else _apart(outputs)
    if outcome["status"] == "cancelled":
        raise errors.WorkflowCancelled(outcome["failure"].get("message") or "the run was cancelled")
    raise error if error is not None else errors.from_failure(outcome["failure"])


def _merged(outputs: List[List[Any]]) -> Dict[Any, Any]:
    return {name: value for _, name, value in outputs if name is not None}


def _apart(outputs: List[List[Any]]) -> Dict[Any, Any]:
    nodes: Dict[Any, Any] = {}
    for node, name, value in outputs:
        node_outputs = nodes.setdefault(_node_id(node), {})
        if name is not None:
            node_outputs[name] = value
    return nodes


def _node_id(value: Any) -> Any:
    return tuple(map(_node_id, value)) if isinstance(value, list) else value


def show_printed(printed: Optional[List[str]]) -> None:
    """Print what a task in another process has printed."""
    if printed:
        _, out, err = printed
        sys.stdout.write(out)
        sys.stderr.write(err)
