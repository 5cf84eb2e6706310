"""What the calling process has to do with a run: its modules, state, threads and descriptors."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import graphs
import pytest
import sample
from conftest import ELSEWHERE
from conftest import HERE_ONLY
from processes import alive
from processes import children
from processes import wait_for

from ewokshpc import execute_graph
from ewokshpc import submit_graph

ALL = [*HERE_ONLY, *ELSEWHERE]


def test_sequential_is_this_thread():
    here = os.getpid(), threading.get_ident()
    assert execute_graph(graphs.single("where")) == {"return_value": here}


def test_multithreading_is_this_process(how):
    pid, thread = execute_graph(graphs.single("where"), **how("multithreading"))["return_value"]
    assert pid == os.getpid()
    assert thread != threading.get_ident()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_elsewhere_is_another_process(how, name):
    assert execute_graph(graphs.single("where"), **how(name))["return_value"][0] != os.getpid()


@pytest.mark.parametrize("name", ["sequential", "multithreading", "fork"])
def test_state_of_this_process(how, name):
    sample.STATE["set before"] = name
    assert execute_graph(graphs.single("state", key="set before"), **how(name)) == {"return_value": name}


def test_spawn_starts_afresh(how):
    sample.STATE["set before"] = "x"
    assert execute_graph(graphs.single("state", key="set before"), **how("spawn")) == {"return_value": None}


@pytest.mark.parametrize("name", ["sequential", "multithreading", "fork"])
def test_function_of_the_main_module(program, name):
    scheduler, options = ("multiprocessing", {"context": name}) if name == "fork" else (name, None)
    out = program(f"""
import graphs
from ewokshpc import execute_graph

def main_module():
    return __name__, mark

mark = "set by the program"
graph = graphs.graph(graphs.method("only", "main_module", module="__main__"))
print(execute_graph(graph, scheduler={scheduler!r}, scheduler_options={options!r}))
""")
    assert out == "{'return_value': ('__main__', 'set by the program')}\n"


def test_spawn_imports_the_main_module_again(program):
    out = program("""
import graphs
from ewokshpc import execute_graph

print("imported as", __name__)

def main_module():
    import sys
    return sys.modules["__main__"].__name__, main_module.__module__

if __name__ == "__main__":
    graph = graphs.graph(graphs.method("only", "main_module", module="__main__"))
    print(execute_graph(graph, scheduler="multiprocessing", scheduler_options={"num_workers": 1}))
""")
    assert "imported as __main__" in out
    assert "{'return_value': ('__mp_main__', '__mp_main__')}" in out


@pytest.mark.parametrize("scheduler, option", [("multiprocessing", "num_workers"), ("cluster", "n_workers")])
def test_spawn_without_a_main_guard(program, scheduler, option):
    out = program(
        f"""
import graphs
from ewokshpc import execute_graph

execute_graph(graphs.chain(), scheduler={scheduler!r}, scheduler_options={{{option!r}: 1}})
""",
        status=1,
    )
    assert 'if __name__ == "__main__":' in out


@pytest.mark.parametrize(
    "name, inner",
    [
        *((name, inner) for name in ("sequential", "multithreading", "fork", "local") for inner in HERE_ONLY),
        ("local", "cluster"),
        ("local", "multiprocessing"),
    ],
)
def test_nested(how, name, inner):
    found = execute_graph(graphs.single("nested", scheduler=inner), **how(name))
    assert found == {"return_value": {"result": 7}}


@pytest.mark.parametrize("name", ["sequential", "multithreading", "fork", "local"])
def test_calls_from_threads(how, name):
    def one(n):
        inputs = [{"id": "first", "name": "a", "value": n}, {"id": "second", "name": "b", "value": 0}]
        return execute_graph(graphs.chain(), inputs=inputs, **how(name))["result"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(24))) == [n + 2 for n in range(24)]


@pytest.mark.parametrize("name", ["sequential", "multithreading", "fork"])
def test_nothing_is_left(how, name):
    execute_graph(graphs.chain(), **how(name))
    before = descriptors(), children(os.getpid()), threading.active_count()
    for _ in range(25):
        execute_graph(graphs.chain(), **how(name))
        with pytest.raises(ValueError):
            execute_graph({"nodes": [{"id": "no type"}]}, **how(name))
        with pytest.raises(RuntimeError):
            execute_graph(graphs.single("fail"), **how(name))
    wait_for(lambda: threading.active_count() <= before[2])
    assert (descriptors(), children(os.getpid())) == before[:2]


def test_nothing_is_left_of_clusters():
    before = descriptors(), children(os.getpid()), threading.active_count()
    for scheduler in ("cluster", "multiprocessing"):
        assert execute_graph(graphs.chain(), scheduler=scheduler) == {"result": 7}
    assert (descriptors(), children(os.getpid()), threading.active_count()) == before


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_cluster_in_a_forked_process(cluster):
    """A fork can neither use nor end what its parent has started."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            try:
                execute_graph(graphs.chain(), scheduler=cluster)
            except RuntimeError as error:
                status = 0 if "forked from" in str(error) else 2
            cluster.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert execute_graph(graphs.chain(), scheduler=cluster) == {"result": 7}


def test_forked_interpreters_hold_no_connection(how, cluster):
    inside = execute_graph(graphs.single("sockets"), **how("fork"))["return_value"]
    assert len(inside) == 1  # their channel


def test_many_descriptors(how):
    """More than select can wait for."""
    import resource

    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 1400:
        pytest.skip("not that many descriptors are allowed")
    extra = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
    try:
        for name in ("sequential", "multithreading", "fork"):
            assert execute_graph(graphs.chain(), **how(name)) == {"result": 7}
    finally:
        for fd in extra:
            os.close(fd)


@pytest.mark.parametrize("name", ALL)
def test_printed(how, name, capfd):
    execute_graph(graphs.single("say", text="hello"), **how(name))
    out, err = capfd.readouterr()
    assert (out, err) == ("hello\n", "to stderr\n")


def test_submit_in_this_process(how):
    future = submit_graph(graphs.chain(), **how("sequential"))
    assert future.result(30) == {"result": 7}
    assert future.done() and not future.cancelled() and not future.cancel()


@pytest.mark.parametrize("name", ["fork", "spawn"])
def test_cancel_other_processes(how, name, tmp_path):
    path = tmp_path / "pid"
    future = submit_graph(graphs.single("sleep_until_killed", path=str(path)), **how(name))
    wait_for(path.exists)
    pid = int(path.read_text())
    assert future.running() and future.cancel() and future.cancelled() and future.done()
    wait_for(lambda: not alive(pid), 10)
    wait_for(lambda: not runs(), 10)


@pytest.mark.parametrize("name", HERE_ONLY)
def test_cancel_in_this_process(how, name, tmp_path):
    """The task that is executed ends by itself, and few follow."""
    nodes = [graphs.method(f"n{i}", "pause", seconds=0.1) for i in range(600)]
    links = [{"source": f"n{i}", "target": f"n{i + 1}"} for i in range(599)]
    nodes[0] = graphs.method("n0", "meet", path=str(tmp_path), me="one", other="go on")
    future = submit_graph(graphs.graph(*nodes, links=links), **how(name))
    wait_for((tmp_path / "one").exists)
    assert future.cancel() and future.cancelled()
    (tmp_path / "go on").touch()
    wait_for(lambda: not runs(), 30)  # half of what all tasks take


def runs():
    """Return the threads that run workflows."""
    return [thread for thread in threading.enumerate() if thread.name == "ewoks-hpc run"]
