"""What campaigns are measured with: workflows, tables, and what has to come of each row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Document = dict[str, Any]

NODES = 3
PROGRAM = "true"  # as little as a process can do


@dataclass(frozen=True)
class Kind:
    """The kind of task that a row consists of."""

    name: str
    identifier: str
    output: str
    nodes: int

    def document(self) -> Document:
        """Return the workflow of a row: a chain."""
        return chain(self.name, self.identifier, self.output, self.nodes)

    def expected(self, row: int) -> Document:
        """Return the outputs that a row must have: each node adds 1 to the number of the row."""
        if self.name == "script":
            return {"return_code": 0, "out": None, "err": None}
        return {self.output: row + self.nodes}


METHOD = Kind("method", "noop.successor", "return_value", NODES)
CLASS = Kind("class", "addclass.Add", "result", NODES)
SCRIPT = Kind("script", PROGRAM, "return_code", 1)
KINDS = {kind.name: kind for kind in (METHOD, CLASS, SCRIPT)}


def chain(task_type: str, identifier: str, output: str, size: int) -> Document:
    """Return ``size`` tasks, each of which takes ``value`` from the one before."""
    mapping = [{"source_output": output, "target_input": "value"}]
    return {
        "graph": {"id": f"{task_type}{size}"},
        "nodes": [{"id": f"n{i}", "task_type": task_type, "task_identifier": identifier} for i in range(size)],
        "links": [{"source": f"n{i - 1}", "target": f"n{i}", "data_mapping": mapping} for i in range(1, size)],
    }


def scripts(size: int) -> Document:
    """Return ``size`` independent scripts."""
    nodes = [{"id": f"n{i}", "task_type": "script", "task_identifier": PROGRAM} for i in range(size)]
    return {"graph": {"id": f"scripts{size}"}, "nodes": nodes, "links": []}


def write_table(path: Path, rows: int) -> Path:
    """Write a table of one column, with the number of the row."""
    with path.open("w") as file:
        file.write("value\n")
        file.writelines(f"{i}\n" for i in range(rows))
    return path
