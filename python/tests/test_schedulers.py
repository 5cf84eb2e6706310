"""Every kind of workflow with every scheduler."""

import graphs
import pytest
from conftest import ELSEWHERE
from conftest import HERE_ONLY

from ewokshpc import execute_graph

ALL = [*HERE_ONLY, *ELSEWHERE]


@pytest.mark.parametrize("name", [None, "cluster", *ALL])
def test_chain(how, name):
    assert execute_graph(graphs.chain(), **how(name)) == {"result": 7}


@pytest.mark.parametrize("name", ALL)
def test_conditions(how, name):
    for value, branch in ((2, "big"), (3, "small")) if name != "spawn" else ((3, "small"),):
        inputs = [{"id": "test", "name": "value", "value": value}]
        assert execute_graph(graphs.choice(), inputs=inputs, **how(name)) == {"return_value": branch}


@pytest.mark.parametrize("name", ALL)
def test_error_handler(how, name):
    message, kind = execute_graph(graphs.handled(), **how(name))["return_value"]
    assert message == "Execution failed for ewoks task 'broken' (id: 'broken', task: 'sample.fail'): as planned"
    assert kind == "TaskExecutionError"


@pytest.mark.parametrize("name", ALL)
def test_loop(how, name):
    inputs = [{"id": "count", "name": "n", "value": 20}]
    assert execute_graph(graphs.loop(), inputs=inputs, **how(name)) == {"return_value": 0}


@pytest.mark.parametrize("name", ALL)
def test_empty(how, name):
    assert execute_graph({}, **how(name)) == {}


@pytest.mark.parametrize("name", ["multithreading", *ELSEWHERE])
def test_tasks_overlap(how, name, tmp_path):
    path = str(tmp_path)
    graph = graphs.graph(
        graphs.method("a", "meet", path=path, me="a", other="b"),
        graphs.method("b", "meet", path=path, me="b", other="a"),
    )
    found = execute_graph(graph, merge_outputs=False, **how(name, workers=2))
    assert found == {"a": {"return_value": "a"}, "b": {"return_value": "b"}}


@pytest.mark.parametrize(
    "scheduler, options, error, text",
    [
        ("sequential", {"num_workers": 2}, ValueError, "num_workers=2"),
        ("sequential", {"colour": 1}, TypeError, "unknown options of scheduler 'sequential': colour"),
        ("multithreading", {"context": "fork"}, TypeError, "context"),
        ("multithreading", {"num_workers": 0.5}, ValueError, "num_workers=0.5"),
        ("multiprocessing", {"num_workers": -1}, ValueError, "num_workers=-1"),
        ("multiprocessing", {"context": "forkserver"}, ValueError, "context='forkserver'"),
        ("cluster", {"colour": 1}, TypeError, "colour"),
        ("cluster", {"n_workers": "many"}, TypeError, "many"),
        ("no-such-cluster", None, RuntimeError, "no-such-cluster"),
        ("tls://127.0.0.1:1", None, ValueError, "no cluster with the address tls://127.0.0.1:1"),
        ("tls://127.0.0.1:1", {"n_workers": 1}, TypeError, "takes no options"),
        (3, None, ValueError, "unknown scheduler 3"),
    ],
)
def test_refused(scheduler, options, error, text):
    with pytest.raises(error, match=text):
        execute_graph(graphs.chain(), scheduler=scheduler, scheduler_options=options)
