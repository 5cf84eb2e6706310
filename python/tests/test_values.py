"""Values on their way in, between tasks, and out."""

import copy
import sys

import graphs
import numpy
import pytest
import sample
from conftest import ELSEWHERE
from conftest import HERE_ONLY

from ewokscore.missing_data import MISSING_DATA
from ewokshpc import execute_graph

ALL = [*HERE_ONLY, *ELSEWHERE]

VALUES = {
    "tuple": (1, (2, "x"), []),
    "set": {1, "a", None},
    "bytes": b"\0\xff",
    "int keys": {1: "a", (2, 3): "b"},
    "nan": float("inf"),
    "complex": 1 + 2j,
    "dataclass": sample.Point(1, 2),
    "class": sample.Point,
    "function": sample.add,
    "marker": {"ewoks-hpc:pickle": "no pickle"},
    "text": "\ud800 is not a character",
    "big int": 1 << 100,
    "nested": {"a": [sample.Point(3, 4), {"b": (5,)}]},
}


def through(value, **how):
    """Return a value after two tasks."""
    graph = graphs.graph(
        graphs.method("a", "echo"),
        graphs.method("b", "echo"),
        links=[graphs.link("a", "b", to="value")],
    )
    inputs = [{"id": "a", "name": "value", "value": value}]
    return execute_graph(graph, inputs=inputs, **how)["return_value"]


@pytest.mark.parametrize("name", ALL)
def test_type_and_value(how, name):
    graph = graphs.graph(*[graphs.method(key, "echo", value=value) for key, value in VALUES.items()])
    found = execute_graph(graph, merge_outputs=False, **how(name))
    for key, value in VALUES.items():
        returned = found[key]["return_value"]
        assert type(returned) is type(value), key
        assert returned == value, key


@pytest.mark.parametrize("name", [*HERE_ONLY, "fork", "local"])
def test_array(how, name):
    value = numpy.arange(20000, dtype="f4").reshape(100, 200)[::2, ::-1]
    returned = through(value, **how(name))
    assert returned.dtype == value.dtype
    numpy.testing.assert_array_equal(returned, value)


@pytest.mark.parametrize("name", [*HERE_ONLY, "fork", "local"])
def test_exception_as_value(how, name):
    returned = through(sample.OwnError(5), **how(name))
    assert type(returned) is sample.OwnError
    assert returned.code == 5


@pytest.mark.parametrize("name", HERE_ONLY)
@pytest.mark.parametrize(
    "value", [object(), [1], lambda: 1, (i for i in "ab")], ids=["object", "list", "lambda", "generator"]
)
def test_identity_in_this_process(how, name, value):
    if isinstance(value, list):
        value.append(value)  # JSON cannot hold it either
    assert through(value, **how(name)) is value


def test_fork_sees_the_object_itself(how):
    value = sample.STATE["object"] = object()
    inputs = [{"id": "only", "name": "value", "value": value}]
    assert execute_graph(graphs.single("is_same"), inputs=inputs, **how("fork")) == {"return_value": True}


@pytest.mark.parametrize("name", ALL)
def test_missing_data(how, name):
    """It is left out of outputs, is an input that was not given, and ewokscore knows it."""
    graph = graphs.graph(
        graphs.task("partial", "Partial"),
        graphs.task("sum", "Sum", a=1),
        graphs.method("default", "add", a=5),
        graphs.method("is", "is_missing_inside", values=(MISSING_DATA,)),
        links=[graphs.link("partial", "sum", "left_out", "b"), graphs.link("partial", "default", "left_out", "b")],
    )
    found = execute_graph(graph, outputs=[{"all": True}], merge_outputs=False, **how(name))
    assert found == {
        "partial": {"given": 1},
        "sum": {"result": 1},
        "default": {"return_value": 5},
        "is": {"return_value": True},
    }


@pytest.mark.parametrize("name", ELSEWHERE)
def test_function_without_a_name(how, name):
    inputs = [{"id": "only", "name": "function", "value": lambda x: x + 1}, {"id": "only", "name": "value", "value": 1}]
    assert execute_graph(graphs.single("call"), inputs=inputs, **how(name)) == {"return_value": 2}


@pytest.mark.parametrize("name", ["spawn", "local"])
def test_function_without_a_name_or_cloudpickle(how, name, monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    inputs = [{"id": "only", "name": "function", "value": lambda x: x + 1}]
    with pytest.raises(TypeError, match="input 'function'.*lambda") as caught:
        execute_graph(graphs.single("call"), inputs=inputs, **how(name))
    assert "pip install cloudpickle" in str(caught.value)


@pytest.mark.parametrize("name", ["spawn", "local"])
def test_input_that_cannot_travel(how, name):
    inputs = [{"id": "only", "name": "value", "value": (i for i in "ab")}]
    with pytest.raises(TypeError, match="input 'value' of type generator"):
        execute_graph(graphs.single("echo"), inputs=inputs, **how(name))


@pytest.mark.parametrize("name", ELSEWHERE)
def test_output_that_cannot_travel(how, name):
    with pytest.raises(RuntimeError, match="output 'return_value' of type generator"):
        execute_graph(graphs.single("handles"), **how(name))


@pytest.mark.parametrize("name", ["spawn", "cluster"])
def test_object_of_the_main_module(program, name):
    scheduler = {"spawn": "multiprocessing"}.get(name, name)
    out = program(f"""
from dataclasses import dataclass
import graphs
from ewokshpc import execute_graph

@dataclass
class Mine:
    x: int

def double(mine):
    return Mine(2 * mine.x)

if __name__ == "__main__":
    graph = graphs.graph(graphs.method("only", "call", function=double, value=Mine(4)))
    print(execute_graph(graph, scheduler={scheduler!r})["return_value"])
""")
    assert "Mine(x=8)" in out.splitlines()


def test_large_array_between_workers(cluster, program):
    """In a process of its own, so that what the program uses is only for this."""
    out = program("""
import os
import graphs
import sample
import processes
from ewokshpc import execute_graph, local_scheduler

SIZE = 200 << 20

if __name__ == "__main__":
    with local_scheduler(n_workers=2) as cluster:
        graph = graphs.graph(
            graphs.method("make", "array", size=SIZE, seed=1),
            graphs.method("one", "digest"),
            graphs.method("other", "digest"),
            graphs.method("same", "echo"),
            links=[graphs.link("make", "one", to="value"), graphs.link("make", "other", to="value"),
                   graphs.link("make", "same", to="value")],
        )
        found = execute_graph(graph, scheduler=cluster, merge_outputs=False)
        (launcher,) = [pid for pid in processes.children(os.getpid()) if processes.command(pid)[1:] == ["bridge"]]
        print("launcher", processes.peak(launcher))
    digests = {sample.digest(found["same"]["return_value"]), sample.digest(sample.array(SIZE, 1))}
    digests |= {found["one"]["return_value"], found["other"]["return_value"]}
    print("same", len(digests) == 1)
""")
    lines = dict(line.split() for line in out.splitlines() if line.startswith(("launcher ", "same ")))
    assert lines["same"] == "True"
    assert int(lines["launcher"]) < 100e6


@pytest.mark.parametrize("name", ["sequential", "fork", "local"])
def test_arguments_are_not_changed(how, name):
    graph = graphs.graph(
        graphs.method("a", "echo", value=(1, 2)),
        {"id": ("b", "c"), "task_type": "method", "task_identifier": "sample.echo", "default_inputs": []},
        links=[graphs.link("a", ("b", "c"), to="value")],
    )
    inputs = [{"id": "a", "name": "value", "value": {3, (4, 5)}}]
    outputs = [{"id": ("b", "c"), "name": "return_value", "new_name": "x"}]
    load_options = {"representation": "json_dict"}
    before = copy.deepcopy((graph, inputs, outputs, load_options))
    found = execute_graph(graph, inputs=inputs, outputs=outputs, load_options=load_options, **how(name))
    assert found == {"x": {3, (4, 5)}}
    assert (graph, inputs, outputs, load_options) == before
