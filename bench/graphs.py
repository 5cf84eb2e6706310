"""The graphs that are measured, as ewoks documents."""

from typing import Any

Document = dict[str, Any]

_HOP = [{"source_output": "return_value", "target_input": "value"}]


def method(size: int) -> Document:
    """Return ``size`` independent functions."""
    return {"nodes": [_node(f"n{i}", "noop.noop") for i in range(size)], "links": []}


def classes(size: int) -> Document:
    """Return ``size`` independent ewokscore tasks."""
    nodes = [{"id": f"n{i}", "task_type": "class", "task_identifier": "noopclass.Noop"} for i in range(size)]
    return {"nodes": nodes, "links": []}


def chain(size: int) -> Document:
    """Return ``size`` functions, each of which adds 1 to the output of the one before."""
    return {
        "nodes": [_node(f"n{i}", "noop.successor") for i in range(size)],
        "links": [_link(f"n{i - 1}", f"n{i}", _HOP) for i in range(1, size)],
    }


def loop(iterations: int) -> Document:
    """Return a function that follows itself until it has counted to ``iterations``, between two others."""
    again = {"conditions": [{"source_output": "return_value", "value": None}]}  # None: anything but the other one
    over = {"conditions": [{"source_output": "return_value", "value": iterations}]}
    return {
        "nodes": [_node("start", "noop.noop"), _node("hop", "noop.successor"), _node("end", "noop.successor")],
        "links": [
            _link("start", "hop", _HOP),
            _link("hop", "hop", _HOP, **again),
            _link("hop", "end", _HOP, **over),
        ],
    }


def fan(width: int) -> Document:
    """Return an array of 1 MB that goes to ``width`` functions, whose arrays of 1 MB go to one."""
    out = [{"source_output": "return_value", "target_input": "array"}]
    return {
        "nodes": [
            _node("start", "arrays.make"),
            *(_node(f"n{i}", "arrays.add_one") for i in range(width)),
            _node("end", "arrays.total"),
        ],
        "links": [
            *(_link("start", f"n{i}", out) for i in range(width)),
            *(_link(f"n{i}", "end", [{"source_output": "return_value", "target_input": i}]) for i in range(width)),
        ],
    }


def _node(name: str, function: str) -> dict[str, Any]:
    return {"id": name, "task_type": "method", "task_identifier": function}


def _link(source: str, target: str, mapping: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"source": source, "target": target, "data_mapping": mapping, **more}
