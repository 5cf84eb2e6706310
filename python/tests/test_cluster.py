"""Clusters of processes of this machine, and the futures of runs on them."""

import signal
import threading
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import as_completed
from urllib.request import HTTPCookieProcessor
from urllib.request import build_opener

import graphs
import pytest
import sample
from conftest import end
from conftest import start_program
from processes import alive
from processes import children
from processes import wait_for

from ewokshpc import WorkflowFailed
from ewokshpc import WorkflowFuture
from ewokshpc import execute_graph
from ewokshpc import local_scheduler
from ewokshpc import submit_graph


def test_result(cluster):
    future = submit_graph(graphs.chain(), scheduler=cluster)
    assert isinstance(future, WorkflowFuture)
    assert future.result(30) == {"result": 7}
    assert future.exception() is None
    assert future.done() and not future.running() and not future.cancelled()
    assert not future.cancel()


def test_exception(cluster):
    future = submit_graph(graphs.single("fail_with_code", code=5), scheduler=cluster)
    error = future.exception(30)
    assert type(error.__cause__) is sample.OwnError
    with pytest.raises(RuntimeError) as found:
        future.result()
    assert found.value is error


def test_timeout(cluster, tmp_path):
    future = submit_graph(graphs.single("meet", path=str(tmp_path), me="a", other="b"), scheduler=cluster)
    with pytest.raises(FutureTimeout):
        future.result(0.01)
    assert future.running()
    (tmp_path / "b").touch()
    assert future.result(30) == {"return_value": "a"}


def test_cancel(cluster, tmp_path):
    path = tmp_path / "pid"
    future = submit_graph(graphs.single("sleep_until_killed", path=str(path)), scheduler=cluster)
    wait_for(path.exists)
    pid = int(path.read_text())
    assert alive(pid)
    assert future.cancel()
    assert future.cancelled() and future.done()
    with pytest.raises(CancelledError):
        future.result(0)
    wait_for(lambda: not alive(pid), 10)
    assert execute_graph(graphs.chain(), scheduler=cluster) == {"result": 7}


def test_wrong_arguments_are_told_at_once(cluster):
    with pytest.raises(TypeError):
        submit_graph(graphs.chain(), scheduler=cluster, colour=1)
    with pytest.raises(TypeError, match="inputs is a list"):
        submit_graph(graphs.chain(), scheduler=cluster, inputs={"a": 1})
    with pytest.raises(FileNotFoundError):
        submit_graph("no_such_file.json", scheduler=cluster)
    with pytest.raises(TypeError, match="takes no options, got n_workers"):
        submit_graph(graphs.chain(), scheduler=cluster, scheduler_options={"n_workers": 1})


def test_callback_may_go_on(cluster):
    """A callback may use the cluster: begin another run, and wait for an answer."""
    found = []
    done = threading.Event()

    def follow(first):
        found.append((first.result(), len(cluster.overview()["workers"])))
        again = submit_graph(graphs.chain(), scheduler=cluster)
        again.add_done_callback(lambda second: (found.append(second.result()), done.set()))

    submit_graph(graphs.chain(), scheduler=cluster).add_done_callback(follow)
    assert done.wait(30)
    assert found == [({"result": 7}, 2), {"result": 7}]


def test_many_at_once(cluster):
    def inputs(n):
        return [{"id": "first", "name": "a", "value": n}, {"id": "second", "name": "b", "value": 0}]

    futures = {submit_graph(graphs.chain(), scheduler=cluster, inputs=inputs(n)): n for n in range(200)}
    for future in as_completed(futures, timeout=60):
        assert future.result() == {"result": futures[future] + 2}


@pytest.mark.parametrize("way", ["scheduler_address", "name"])
def test_connect_from_this_process(cluster, way):
    scheduler = getattr(cluster, way)
    assert execute_graph(graphs.chain(), scheduler=scheduler) == {"result": 7}
    assert submit_graph(graphs.chain(), scheduler=scheduler).result(30) == {"result": 7}


def test_another_process(cluster, program):
    """It reaches the cluster by name and address. Workers do not import its main module: what is
    defined there goes with the value."""
    out = program(f"""
import graphs
from ewokshpc import execute_graph, submit_graph

class Mine:
    def __init__(self, x):
        self.x = x

print(execute_graph(graphs.chain(), scheduler={cluster.name!r}))
print(submit_graph(graphs.chain(), scheduler={cluster.scheduler_address!r}).result(30))

graph = graphs.graph(graphs.method("only", "call", function=lambda mine: Mine(2 * mine.x), value=Mine(4)))
found = execute_graph(graph, scheduler={cluster.name!r})["return_value"]
print(type(found) is Mine, found.x)
""")
    assert out == "{'result': 7}\n{'result': 7}\nTrue 8\n"


def test_cancel_over_a_new_connection(cluster, tmp_path):
    path = tmp_path / "pid"
    future = submit_graph(graphs.single("sleep_until_killed", path=str(path)), scheduler=cluster.scheduler_address)
    wait_for(path.exists)
    assert future.cancel()
    wait_for(lambda: not alive(int(path.read_text())), 10)


def test_a_cluster_of_its_own(capsys):
    with local_scheduler(n_workers=1, threads_per_worker=2) as cluster:
        out = capsys.readouterr().out.splitlines()
        assert out == [f"Address: {cluster.scheduler_address}", f"Dashboard: {cluster.dashboard_link}"]
        assert cluster.name in repr(cluster)
        assert execute_graph(graphs.chain(), scheduler=cluster) == {"result": 7}
        page_answers(cluster.dashboard_link)
        (worker,) = wait_for(lambda: cluster.overview()["workers"])
        with pytest.raises(RuntimeError, match="no job script"):
            cluster.job_script()
        with pytest.raises(TypeError, match="scale needs"):
            cluster.scale()
        with pytest.raises(TypeError, match="maximum_jobs"):
            cluster.adapt()
        cluster.scale(2)
        wait_for(lambda: len(cluster.overview()["workers"]) == 2)
        cluster.scale(jobs=1)
        wait_for(lambda: len(cluster.overview()["workers"]) == 1)
        cluster.adapt(minimum_jobs=2, maximum_jobs=3)
        wait_for(lambda: len(cluster.overview()["workers"]) == 2)
        pending = submit_graph(graphs.single("pause", seconds=100), scheduler=cluster)
    with pytest.raises(WorkflowFailed, match="closed before the run ended"):
        pending.result(10)
    cluster.close()
    with pytest.raises(RuntimeError, match="ended"):
        cluster.scale(1)
    with pytest.raises(RuntimeError, match="ended"):
        execute_graph(graphs.chain(), scheduler=cluster)
    with pytest.raises(RuntimeError, match=cluster.name):
        execute_graph(graphs.chain(), scheduler=cluster.name)


def page_answers(link):
    with build_opener(HTTPCookieProcessor()).open(link, timeout=10) as answer:
        assert answer.status == 200
        assert b"ewoks-hpc" in answer.read()


def test_callback_may_close_the_cluster():
    cluster = local_scheduler(n_workers=1)
    future = submit_graph(graphs.chain(), scheduler=cluster)
    future.add_done_callback(lambda _: cluster.close())
    assert future.result(30) == {"result": 7}
    wait_for(lambda: cluster._calls._bridge.closed)
    cluster.close()


def test_ends_with_the_process(tmp_path):
    """Killed with -9, the process leaves neither launcher nor worker nor task behind."""
    process = start_program(
        tmp_path,
        """
import graphs
from ewokshpc import local_scheduler, submit_graph

if __name__ == "__main__":
    cluster = local_scheduler(n_workers=2)
    submit_graph(graphs.single("sleep_until_killed", path="pid"), scheduler=cluster).result()
""",
    )
    try:
        wait_for((tmp_path / "pid").exists)
        started = children(process.pid)
        assert int((tmp_path / "pid").read_text()) in started
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_for(lambda: not any(map(alive, started)), 10)
    finally:
        end(process)


def test_killed_launcher_is_told(tmp_path):
    with local_scheduler(n_workers=1) as cluster:
        future = submit_graph(graphs.single("pause", seconds=100), scheduler=cluster)
        cluster._calls._bridge._process.kill()
        with pytest.raises(WorkflowFailed):
            future.result(20)


def test_state_directory_of_the_configuration(program, tmp_path):
    (tmp_path / "ewoks-hpc.toml").write_text(f'state_dir = "{tmp_path / "elsewhere"}"\n')
    out = program("""
import graphs
from ewokshpc import execute_graph, local_scheduler

if __name__ == "__main__":
    with local_scheduler() as cluster:
        print(execute_graph(graphs.chain(), scheduler=cluster.scheduler_address))
""")
    assert out.splitlines()[-1] == "{'result': 7}"
    assert (tmp_path / "elsewhere").is_dir()
