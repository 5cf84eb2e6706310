"""Loads graphs with ewokscore and reports what it makes of them.

One request per line on stdin, one answer per line on stdout. A request is a
JSON object with "source" (an ewoks graph), "file" (the path of one) or
"example" (the name of one of ewokscore's example graphs).
"""

import contextlib
import json
import logging
import sys
import warnings

from ewokscore import load_graph
from ewokscore.graph import analysis
from ewokscore.graph.schema import GraphSchemaError
from ewokscore.node import as_json_node_id_type as as_json

# Which words of an error message belong to which cause of the Go package.
CAUSES = [
    ("does not exist", "unknown-node"),
    ("input_nodes", "unknown-node"),
    ("cannot be used together", "exclusive"),
    ("Conflict at", "conflict"),
    ("missing a 'target_input'", "target-input"),
    ("both connect to the input", "input-collision"),
    ("task_generator' is missing", "missing-attribute"),
    ("task_identifier' is missing", "missing-attribute"),
    ("task_generator' should only", "forbidden"),
    ("should not be used when 'task_type'", "forbidden"),
    ("is not a graph so", "subgraph"),
    ("to specify a node in subgraph", "subgraph"),
    # ewokscore crashes where default error handlers are not needed.
    ("DiGraph.predecessors() missing", "handler-crash"),
    # The node of a link that names no node has no attributes at all.
    ("requires the", "task"),
]


def cause(exc):
    if isinstance(exc, RecursionError):
        return "recursion-limit"
    if isinstance(exc, GraphSchemaError):
        return "schema"
    text = str(exc)
    for words, kind in CAUSES:
        if words in text:
            return kind
    if isinstance(exc, KeyError):
        # Attributes of a graph node for an input node that does not exist.
        return "unknown-node"
    return f"other: {type(exc).__name__}: {text}"


def analyse(graph, request):
    answer = {
        "start": list(map(as_json, analysis.start_nodes(graph))),
        "end": list(map(as_json, analysis.end_nodes(graph))),
        "cyclic": analysis.graph_is_cyclic(graph),
    }
    if not answer["cyclic"]:
        answer["order"] = list(map(as_json, analysis.topological_sort(graph)))
    answer["required"] = [
        [as_json(u), as_json(v), analysis.link_is_required(graph, u, v)]
        for u, v in graph.edges
    ]
    return answer


def respond(request):
    if "file" in request:
        return {"dump": json.loads(load_graph(request["file"]).serialize())}
    if "example" in request:
        from ewokscore.tests.examples.graphs import get_graph

        source = get_graph(request["example"])[0]
    else:
        source = request["source"]
    text = json.dumps(source)
    try:
        loaded = load_graph(text)
    except Exception as exc:
        return {"source": source, "error": cause(exc), "message": str(exc)}
    try:
        answer = analyse(loaded.graph, request)
    except RecursionError:
        return {"source": source, "error": "recursion-limit"}
    # A JSON round trip turns the tuples of nested ids into arrays.
    answer["dump"] = json.loads(loaded.serialize())
    answer["source"] = source
    return answer


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            answer = respond(json.loads(line))
        print(json.dumps(answer), flush=True)


main()
