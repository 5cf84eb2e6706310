"""What is raised, compared with what ewokscore raises."""

import signal
import traceback

import ewokscore
import graphs
import pytest
import sample
from conftest import ELSEWHERE
from conftest import HERE_ONLY
from conftest import end
from conftest import start_program
from processes import alive
from processes import children
from processes import wait_for

from ewokshpc import WorkflowFailed
from ewokshpc import execute_graph

BAD = {
    "task": graphs.single("fail"),
    "own exception": graphs.single("fail_with_code", code=7),
    "arguments": graphs.single("echo", wrong=1),
    "no module": graphs.graph(graphs.method("only", "x", module="no_such_module")),
    "no function": graphs.single("no_such_function"),
    "no input": graphs.graph(graphs.task("only", "Sum")),
    "no class": graphs.graph(graphs.task("only", "NoSuchTask")),
}


@pytest.mark.parametrize("name", [*HERE_ONLY, "fork", "local"])
@pytest.mark.parametrize("case", BAD)
def test_same_error_as_ewokscore(how, name, case):
    with pytest.raises(Exception) as wanted:
        ewokscore.execute_graph(BAD[case])
    with pytest.raises(type(wanted.value)) as found:
        execute_graph(BAD[case], **how(name))
    assert type(found.value) is type(wanted.value)
    assert str(found.value) == str(wanted.value)
    assert (
        type(found.value.__cause__) is type(wanted.value.__cause__) or name in ELSEWHERE and not wanted.value.__cause__
    )


@pytest.mark.parametrize(
    "graph",
    [
        "no_such_file.json",
        {"nodes": [{"id": "a"}]},
        {"graph": {"schema_version": "99"}, "nodes": []},
        {"nodes": [graphs.method("a", "echo")], "links": [{"source": "a", "target": "b"}]},
    ],
    ids=["file", "type", "schema", "link"],
)
def test_same_refusal_as_ewokscore(graph):
    with pytest.raises(Exception) as wanted:
        ewokscore.execute_graph(graph)
    with pytest.raises(type(wanted.value)):
        execute_graph(graph)


@pytest.mark.parametrize("name", HERE_ONLY)
def test_cause_is_the_exception_itself(how, name):
    error = sample.OwnError(3)

    def throw(_):
        raise error

    with pytest.raises(RuntimeError) as found:
        execute_graph(graphs.single("call", function=throw, value=1), **how(name))
    assert found.value.__cause__ is error
    assert [frame.name for frame in traceback.extract_tb(error.__traceback__)][-1] == "throw"


@pytest.mark.parametrize("name", ELSEWHERE)
def test_cause_from_elsewhere(how, name):
    with pytest.raises(RuntimeError) as found:
        execute_graph(graphs.single("fail_with_code", code=7), **how(name))
    cause = found.value.__cause__
    assert type(cause) is sample.OwnError
    assert cause.code == 7
    remote = str(cause.__cause__)
    assert "sample.py" in remote and "raise OwnError(code)" in remote


@pytest.mark.parametrize("name", ["multithreading", *ELSEWHERE])
def test_exit_is_an_error_of_the_task(how, name):
    with pytest.raises(RuntimeError, match=r"the task called sys.exit\(3\)"):
        execute_graph(graphs.single("leave", code=3), **how(name))


@pytest.mark.parametrize("name", [*HERE_ONLY, *ELSEWHERE])
def test_retries(how, name, tmp_path):
    graph = graphs.single("fail_twice", path=str(tmp_path / "tried"))
    assert execute_graph(graph, retries=2, retry_on=["OSError"], retry_delay=0.01, **how(name)) == {"return_value": 3}
    (tmp_path / "tried").unlink()
    with pytest.raises(RuntimeError, match="not yet"):
        execute_graph(graph, retries=2, retry_on=["ValueError"], **how(name))
    assert (tmp_path / "tried").stat().st_size == 1


def test_exit_in_this_thread_exits():
    with pytest.raises(SystemExit) as found:
        execute_graph(graphs.single("leave", code=3))
    assert found.value.code == 3
    assert execute_graph(graphs.chain()) == {"result": 7}


def test_interrupt_in_this_thread():
    with pytest.raises(KeyboardInterrupt):
        execute_graph(graphs.single("interrupt"))
    assert execute_graph(graphs.chain()) == {"result": 7}


@pytest.mark.parametrize("name", ["sequential", "multithreading", "fork", "spawn", "cluster"])
def test_ctrl_c(tmp_path, name):
    """The process gets the signal; the run ends with KeyboardInterrupt, and nothing stays behind."""
    scheduler, options = (name, {}) if name not in ("fork", "spawn") else ("multiprocessing", {"context": name})
    process = start_program(
        tmp_path,
        f"""
import graphs
from ewokshpc import execute_graph

if __name__ == "__main__":
    graph = graphs.single("sleep_until_killed", path="pid")
    try:
        execute_graph(graph, scheduler={scheduler!r}, scheduler_options={options!r})
    except KeyboardInterrupt:
        print("interrupted")
        raise SystemExit(7)
""",
    )
    try:
        wait_for((tmp_path / "pid").exists)
        started = children(process.pid)
        assert started
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=15)
        assert (process.returncode, out.splitlines()[-1]) == (7, "interrupted"), out + err
        wait_for(lambda: not any(map(alive, started)), 10)
    finally:
        end(process)


def test_ewoks_hpc_not_found(monkeypatch, tmp_path):
    monkeypatch.setenv("EWOKSHPC_BINARY", str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError, match="EWOKSHPC_BINARY=.*nothing"):
        execute_graph(graphs.chain())


@pytest.mark.parametrize("name", ["fork", "local"])
def test_task_timeout(how, name):
    with pytest.raises(WorkflowFailed, match="took longer than its limit of 300ms"):
        execute_graph(graphs.single("pause", seconds=100), task_timeout=0.3, **how(name))


@pytest.mark.parametrize("name", HERE_ONLY)
def test_no_task_timeout_in_this_process(how, name):
    with pytest.raises(ValueError, match="task_timeout"):
        execute_graph(graphs.single("pause"), task_timeout=1, **how(name))


@pytest.mark.parametrize("name", [*HERE_ONLY, "fork", "local"])
def test_keep_going(how, name):
    """A failing branch does not end the other, which has a task more."""
    graph = graphs.chain()
    graph["nodes"] += [graphs.method("bad", "fail"), graphs.method("after bad", "add")]
    graph["links"].append({"source": "bad", "target": "after bad"})
    with pytest.raises(RuntimeError, match="broken"):
        execute_graph(graph, **how(name))
    assert execute_graph(graph, keep_going=True, **how(name)) == {"result": 7}
