"""Workflows, inputs and contexts on their way to the program ewoks-hpc, which reads JSON.

A value that JSON cannot hold travels as a marker: a pickle, or the number of an object when it
does not have to leave the process (see ``values.py`` of the interpreters).
"""

import base64
import itertools
import math
import os
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import Callable
from typing import Dict
from typing import List
from typing import Optional

#: The keys of a document whose values are node ids.
ID_KEYS = frozenset(("id", "source", "target", "sub_source", "sub_target", "node", "sub_node"))

#: Makes the marker of a value that JSON cannot hold.
Mark = Callable[[Any], Dict[str, Any]]

_numbers = itertools.count(1)


def pickled(value: Any) -> Dict[str, Any]:
    """Return the marker of a value that goes to another process."""
    try:
        data = pickle.dumps(value, 5)
    except Exception as error:
        try:
            import cloudpickle
        except ImportError:
            raise error from None
        data = cloudpickle.dumps(value, 5)
    return {"ewoks-hpc:pickle": base64.b64encode(data).decode()}


class Objects:
    """Values that stay in this process and in those forked from it."""

    def __init__(self, table: Dict[int, Any]) -> None:
        """:param table: where interpreters look objects up by number"""
        self._table = table
        self._mine: List[int] = []

    def mark(self, value: Any) -> Dict[str, Any]:
        """Return the marker of a value that does not leave the process."""
        number = next(_numbers)
        self._table[number] = value
        self._mine.append(number)
        return {"ewoks-hpc:object": number}

    def close(self) -> None:
        """Forget the values."""
        for number in self._mine:
            self._table.pop(number, None)


def describe_source(graph: Any, load_options: Optional[dict], mark: Mark) -> Dict[str, Any]:
    """Return where a workflow comes from: a document, or a path and how to read it.

    :param graph: a mapping, a path, JSON text, the name of a test graph, or a ``TaskGraph``
    :param load_options: ``representation``, ``root_dir`` and ``root_module`` as in ewokscore
    """
    options = dict(load_options or {})
    representation = options.pop("representation", None)
    representation = getattr(representation, "value", representation)
    source = {
        "root_dir": os.fspath(options.pop("root_dir", None) or ""),
        "root_module": options.pop("root_module", None) or "",
        "search_path": [path for path in sys.path if os.path.isdir(path)],
    }
    options.pop("graph_cache_max_size", None)  # of ewoks, which has used it already
    if options:
        raise TypeError(f"unknown load options: {', '.join(sorted(options))}")
    if representation == "test_core":
        from ewokscore.tests.examples.graphs import get_graph

        graph, representation = get_graph(graph)[0], None
    if hasattr(graph, "dump") and hasattr(graph, "graph"):  # a TaskGraph of ewokscore
        graph, representation = graph.dump(), None
    if graph is None:
        graph = {}
    if isinstance(graph, Mapping):
        return {**source, "document": document(graph, mark), "representation": representation or ""}
    if isinstance(graph, (str, Path)):
        return {**source, "path": os.fspath(graph), "representation": representation or ""}
    raise TypeError(f"a workflow is a mapping, a path or a TaskGraph, not {type(graph).__name__}")


def document(graph: Mapping, mark: Mark) -> Dict[str, Any]:
    """Return a workflow document as JSON can hold it."""
    return {str(key): _attribute(str(key), value, mark) for key, value in graph.items()}


def _attribute(key: str, value: Any, mark: Mark) -> Any:
    if key in ID_KEYS:
        return node_id(value)
    if key in ("value", "conditions_else_value", "varinfo"):
        return faithful(value, mark)
    if isinstance(value, Mapping):
        return document(value, mark)
    if isinstance(value, (list, tuple)):
        return [_attribute("", item, mark) for item in value]
    return faithful(value, mark)


def node_id(value: Any) -> Any:
    """Return a node id as JSON has it: nested pairs are arrays."""
    if isinstance(value, (list, tuple)):
        return [node_id(part) for part in value]
    return value


def faithful(value: Any, mark: Mark) -> Any:
    """Return a value if it comes back from JSON as it is, else its marker."""
    return value if _survives(value) else mark(value)


def _survives(value: Any) -> bool:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return True
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return all(map(_survives, value))
    if kind is dict:
        return all(type(key) is str for key in value) and all(map(_survives, value.values()))
    return False


def items(values: Optional[List[dict]], what: str, mark: Mark) -> Optional[List[dict]]:
    """Return ``inputs`` or ``outputs`` as JSON can hold them.

    :param what: what they are called in messages
    """
    if values is None:
        return None
    if isinstance(values, Mapping) or not all(isinstance(item, Mapping) for item in values):
        raise TypeError(f"{what} is a list of mappings")
    return [document(item, mark) for item in values]


def required_inputs(identifiers: List[str]) -> Dict[str, Optional[List[str]]]:
    """Return the required inputs of task classes; None for one that cannot be imported."""
    from ewokscore.task import Task

    found: Dict[str, Optional[List[str]]] = {}
    for identifier in identifiers:
        try:
            found[identifier] = sorted(Task.get_subclass(identifier).required_input_names())
        except Exception:  # the task will say so when it is executed
            found[identifier] = None
    return found


def preparation(main: bool) -> Dict[str, Any]:
    """Return what fresh interpreters do first to be like this process.

    :param main: import the main module again there, as multiprocessing does
    """
    from multiprocessing import spawn

    data = spawn.get_preparation_data("ewoks-hpc")
    data.pop("authkey", None)  # a secret, and of no use there
    if not main:
        data.pop("init_main_from_name", None)
        data.pop("init_main_from_path", None)
    return data


def check_main() -> None:
    """Refuse to start processes while the main module is imported again in one of them."""
    from multiprocessing import process

    if getattr(process.current_process(), "_inheriting", False):
        raise RuntimeError(
            "this process is importing the main module of the program that runs the workflow\n"
            'start the run under: if __name__ == "__main__":'
        )

