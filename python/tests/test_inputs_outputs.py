"""Which inputs go where, and what is returned; the same as ewokscore says."""

import json
import logging

import ewokscore
import graphs
import pytest
from conftest import HERE_ONLY

import ewokshpc
from ewokshpc import execute_graph

NAMES = [*HERE_ONLY, "fork", "local"]

OUTPUTS = [
    None,
    [],
    [{"all": True}],
    [{"all": False}],
    [{"id": "first"}],
    [{"id": "first", "name": "return_value"}],
    [{"id": "first", "name": "return_value", "new_name": "mine"}, {"id": "second", "name": "result"}],
    [{"label": "Second"}],
    [{"task_identifier": "sample.add"}],
    [{"id": "first", "name": "no_such_output"}],
    [{"id": "no such node"}],
]


def labelled():
    graph = graphs.chain()
    graph["nodes"][1]["label"] = "Second"
    return graph


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("merge", [True, False])
def test_outputs(how, name, merge):
    for outputs in OUTPUTS:
        wanted = ewokscore.execute_graph(labelled(), outputs=outputs, merge_outputs=merge)
        assert execute_graph(labelled(), outputs=outputs, merge_outputs=merge, **how(name)) == wanted, outputs


@pytest.mark.parametrize("name", NAMES)
def test_nested_ids_are_tuples(how, name):
    graph = graphs.graph({"id": "sub", "task_type": "graph", "task_identifier": graphs.chain()})
    wanted = {("sub", "first"): {"return_value": 3}, ("sub", "second"): {"result": 7}}
    assert ewokscore.execute_graph(graph, outputs=[{"all": True}], merge_outputs=False) == wanted
    assert execute_graph(graph, outputs=[{"all": True}], merge_outputs=False, **how(name)) == wanted
    one = [{"id": ("sub", "first")}]
    assert execute_graph(graph, outputs=one, **how(name)) == {"return_value": 3}
    inputs = [{"id": ("sub", "first"), "name": "b", "value": 5}]
    assert execute_graph(graph, inputs=inputs, **how(name)) == {"result": 10}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "inputs, result",
    [
        (None, 7),
        ([], 7),
        ([{"name": "a", "value": 10}], 16),
        ([{"id": "second", "name": "b", "value": 10}], 13),
        ([{"label": "Second", "name": "b", "value": 11}], 14),
        ([{"task_identifier": "Sum", "name": "b", "value": 12}], 15),
        ([{"all": True, "name": "b", "value": 20}], 41),
    ],
)
def test_inputs(how, name, inputs, result):
    assert ewokscore.execute_graph(labelled(), inputs=inputs) == {"result": result}
    assert execute_graph(labelled(), inputs=inputs, **how(name)) == {"result": result}


@pytest.mark.parametrize("given", [{"name": "a", "value": 1}, ["a"], [("a", 1)]])
def test_inputs_are_a_list_of_mappings(given):
    with pytest.raises(TypeError, match="inputs is a list of mappings"):
        execute_graph(graphs.chain(), inputs=given)


class TestLoading:
    def test_file_under_root_dir(self, tmp_path):
        (tmp_path / "chain.json").write_text(json.dumps(graphs.chain()))
        assert execute_graph("chain.json", load_options={"root_dir": tmp_path}) == {"result": 7}
        assert execute_graph("chain", load_options={"root_dir": str(tmp_path)}) == {"result": 7}
        assert execute_graph(tmp_path / "chain.json") == {"result": 7}

    def test_root_module(self, tmp_path, monkeypatch):
        package = tmp_path / "package_of_graphs"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "chain.json").write_text(json.dumps(graphs.chain()))
        monkeypatch.syspath_prepend(tmp_path)
        assert execute_graph("chain.json", load_options={"root_module": "package_of_graphs"}) == {"result": 7}
        options = {"representation": "json_module"}
        assert execute_graph("package_of_graphs.chain", load_options=options) == {"result": 7}

    def test_text(self):
        text = json.dumps(graphs.chain())
        assert execute_graph(text) == {"result": 7}
        assert execute_graph(text, load_options={"representation": "json_string"}) == {"result": 7}

    @pytest.mark.parametrize("name", ["sequential", "local"])
    def test_task_graph(self, how, name):
        graph = ewokscore.load_graph(graphs.chain(), inputs=[{"id": "first", "name": "a", "value": 2}])
        assert execute_graph(graph, **how(name)) == {"result": 8}
        alone = ewokscore.load_graph(graphs.single("echo", value=(1, {2})))
        assert execute_graph(alone, **how(name)) == {"return_value": (1, {2})}

    def test_task_graph_with_subgraphs(self):
        graph = ewokscore.load_graph(
            graphs.graph({"id": "sub", "task_type": "graph", "task_identifier": graphs.chain()})
        )
        assert execute_graph(graph) == {"result": 7}

    @pytest.mark.parametrize("name", ["sequential", "local"])
    def test_test_core(self, how, name):
        options = {"representation": "test_core"}
        wanted = ewokscore.execute_graph("acyclic1", load_options=options)
        assert execute_graph("acyclic1", load_options=options, **how(name)) == wanted

    def test_unknown_option(self):
        with pytest.raises(TypeError, match="unknown load options: colour"):
            execute_graph(graphs.chain(), load_options={"colour": 1})

    def test_no_workflow(self):
        with pytest.raises(TypeError, match="not int"):
            execute_graph(3)


@pytest.mark.parametrize("name", NAMES)
def test_varinfo(how, name, tmp_path):
    varinfo = {"root_uri": str(tmp_path), "scheme": "json"}
    assert execute_graph(graphs.chain(), varinfo=varinfo, **how(name)) == {"result": 7}
    assert list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_events(how, name):
    from ewokscore.events import global_state

    seen = []

    class Handler(logging.Handler):
        def emit(self, record):
            seen.append((record.context, record.type, record.engine))

    handler = Handler()
    global_state.add_handler(handler)
    try:
        execute_graph(graphs.chain(), execinfo={"job_id": "mine"}, **how(name))
    finally:
        global_state.remove_handler(handler)
    outer = [event for event in seen if event[0] != "node"]
    assert outer == [
        (what, when, "hpc")
        for what, when in (("job", "start"), ("workflow", "start"), ("workflow", "end"), ("job", "end"))
    ]
    if name in HERE_ONLY:
        assert [event for event in seen if event[0] == "node"] == [
            ("node", when, "hpc") for _ in "12" for when in ("start", "end")
        ]


def test_public_names():
    for name in ewokshpc.__all__:
        assert getattr(ewokshpc, name).__doc__, name
