"""Our loader under the name of ewokscore's, for tests of how workflows are read and flattened."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from typing import List
from typing import Optional

import networkx
from ewokscore.graph import TaskGraph
from ewokscore.graph import serialize
from ewokscore.graph.graph_io import update_default_inputs

from ewokshpc import binary


def load_graph(
    source: Any = None,
    inputs: Optional[List[dict]] = None,
    representation: Any = None,
    root_dir: Any = None,
) -> TaskGraph:
    """Load a workflow with the command ``convert`` of the program, which flattens it.

    :raises ValueError: when the program refuses the workflow
    """
    if isinstance(source, TaskGraph):
        return source
    with tempfile.TemporaryDirectory() as directory:
        if isinstance(source, dict) or "{" in str(source):
            file = Path(directory, "source.json")
            file.write_text(source if isinstance(source, str) else json.dumps(source))
            source = file
        flat = _convert(os.fspath(source), root_dir)
    graph = _as_it_is(flat)
    if inputs:
        update_default_inputs(graph.graph, inputs)
    return graph


def _convert(source: str, directory: Any) -> str:
    command = [binary.find(), "convert", source, "-"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr)
    return done.stdout


def _as_it_is(document: str) -> TaskGraph:
    """Return a JSON document as ewokscore's object without flattening or completing it again."""
    graph = TaskGraph()
    graph.graph = networkx.DiGraph(serialize.load(document, representation="json_string"))
    return graph
