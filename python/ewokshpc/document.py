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
from pathlib import Path
from typing import Any
from typing import Callable
from typing import Dict
from typing import List
from typing import Mapping
from typing import Optional

#: The keys of a document whose values are node ids.
ID_KEYS = frozenset(("id", "source", "target", "sub_source", "sub_target", "node", "sub_node"))

#: How the only key of a marker begins.
MARKER = "ewoks-hpc:"

#: Returns what stands in JSON for a value: the value if it comes back as it is, else a marker.
Mark = Callable[[Any], Any]

_numbers = itertools.count(1)


class CannotTravel(TypeError):
    """A value that cannot be sent to another process."""


def pickled(value: Any, main: bool = True) -> Any:
    """Return what stands for a value that goes to another process.

    :param main: that process has imported the main module too; else what is defined there goes
        with the value
    :raises CannotTravel: when it cannot
    """
    if _survives(value):
        return value
    try:
        data = pickle.dumps(value, 5)
        if not main and b"__main__" in data:
            raise pickle.PicklingError("it is defined in the main module, which is not imported there")
    except Exception as error:
        data = _cloudpickle(value, error)
    return {f"{MARKER}pickle": base64.b64encode(data).decode()}


def _cloudpickle(value: Any, error: Exception) -> bytes:
    text = f"of type {type(value).__name__} cannot be sent to another process: {error}"
    try:
        import cloudpickle
    except ImportError:
        hint = "install what can send functions and classes that have no name: pip install cloudpickle"
        raise CannotTravel(f"{text}\n{hint}") from error
    try:
        data: bytes = cloudpickle.dumps(value, 5)
    except Exception:
        raise CannotTravel(text) from error
    return data


class Objects:
    """Values that stay in this process and in those forked from it."""

    def __init__(self, table: Dict[int, Any]) -> None:
        """:param table: where interpreters look objects up by number"""
        self._table = table
        self._mine: List[int] = []

    def mark(self, value: Any) -> Any:
        """Return what stands for a value that does not leave the process; objects stay the same."""
        if not isinstance(value, (list, dict)) and _survives(value):
            return value
        number = next(_numbers)
        self._table[number] = value
        self._mine.append(number)
        return {f"{MARKER}object": number}

    def close(self) -> None:
        """Forget the values."""
        for number in self._mine:
            self._table.pop(number, None)


def describe_source(graph: Any, load_options: Optional[Dict[str, Any]], mark: Mark) -> Dict[str, Any]:
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


def document(graph: Mapping[Any, Any], mark: Mark) -> Dict[str, Any]:
    """Return a workflow document, or a part of one, as JSON can hold it."""
    try:
        return {str(key): _attribute(str(key), value, mark) for key, value in graph.items()}
    except CannotTravel as error:
        if "name" not in graph:
            raise
        raise TypeError(f"input {graph['name']!r} {error}") from error.__cause__


def _attribute(key: str, value: Any, mark: Mark) -> Any:
    if key in ID_KEYS:
        return node_id(value)
    if key in ("value", "conditions_else_value", "varinfo"):
        return mark(value)
    if isinstance(value, Mapping):
        return document(value, mark)
    if isinstance(value, (list, tuple)):
        return [_attribute("", item, mark) for item in value]
    return mark(value)


def node_id(value: Any) -> Any:
    """Return a node id as JSON has it: nested pairs are arrays."""
    if isinstance(value, (list, tuple)):
        return [node_id(part) for part in value]
    return value


def _survives(value: Any) -> bool:
    """Tell whether a value comes back from JSON as it is."""
    kind = type(value)
    if value is None or kind in (bool, int):
        return True
    if kind is str:
        return value.isascii() or _is_text(value)
    if kind is float:
        return math.isfinite(value)
    try:
        if kind is list:
            return all(map(_survives, value))
        if kind is dict:
            return all(map(_is_key, value)) and all(map(_survives, value.values()))
    except RecursionError:  # it may hold itself
        pass
    return False


def _is_text(value: str) -> bool:
    """Tell whether a string has no halves of characters, which only Python takes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_key(key: Any) -> bool:
    return type(key) is str and _is_text(key) and not key.startswith(MARKER)


def items(values: Optional[List[Dict[str, Any]]], what: str, mark: Mark) -> Optional[List[Dict[str, Any]]]:
    """Return ``inputs`` or ``outputs`` as JSON can hold them.

    :param what: what they are called in messages
    """
    if values is None:
        return None
    if isinstance(values, Mapping) or not all(isinstance(item, Mapping) for item in values):
        raise TypeError(f"{what} is a list of mappings")
    if what == "inputs":
        _check_inputs(values)
    return [document(item, mark) for item in values]


def _check_inputs(inputs: List[Dict[str, Any]]) -> None:
    from ewokscore.utils import build_close_match_report

    for item in inputs:
        missing = [key for key in ("name", "value") if key not in item]
        if missing:
            meant = build_close_match_report(missing, map(str, item))
            raise ValueError(f"an input needs a name and a value, not {item}{meant}")


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


def preparation() -> Dict[str, Any]:
    """Return what fresh interpreters of this machine do first to be like this process: what
    multiprocessing does, which imports the main module again."""
    from multiprocessing import spawn

    data: Dict[str, Any] = spawn.get_preparation_data("ewoks-hpc")
    data.pop("authkey", None)  # a secret, and of no use there
    return data


def search_path() -> Dict[str, Any]:
    """Return what interpreters of a cluster do first: they look for modules where this process
    does, except in its installation of Python, for they have their own."""
    own = {os.path.realpath(prefix) + os.sep for prefix in (sys.prefix, sys.base_prefix)}
    paths = [os.path.abspath(path) for path in sys.path]
    return {"more_path": [path for path in paths if not os.path.realpath(path).startswith(tuple(own))]}


def check_main() -> None:
    """Refuse to start processes while the main module is imported again in one of them."""
    from multiprocessing import process

    if getattr(process.current_process(), "_inheriting", False):
        raise RuntimeError(
            "this process is importing the main module of the program that runs the workflow\n"
            'start the run under: if __name__ == "__main__":'
        )
