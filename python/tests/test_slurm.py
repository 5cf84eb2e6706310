"""Clusters of Slurm jobs, on a real Slurm."""

import os
import subprocess

import graphs
import pytest
from processes import wait_for

from ewokshpc import execute_graph
from ewokshpc import slurm_scheduler
from ewokshpc import submit_graph

pytestmark = [pytest.mark.slurm, pytest.mark.usefixtures("slurm")]

NAME = f"test-{os.getpid()}"
POOL = {"queue": "gpu", "walltime": "00:20:00", "memory": "500MB", "cores": 1, "poll_interval": "1s", "job_name": NAME}


def queue():
    """Return the states of our jobs that Slurm has not ended."""
    out = subprocess.run(
        ["squeue", "--noheader", "--array", "--format=%T %j"], check=True, capture_output=True, text=True
    ).stdout
    jobs = [line.split() for line in out.splitlines()]
    return [state for state, job in jobs if NAME in job and state in ("PENDING", "RUNNING", "CONFIGURING")]


def test_cluster():
    with slurm_scheduler(**POOL, job_extra_directives=["--gres=gpu:1"], n_workers=2) as cluster:
        script = cluster.job_script().splitlines()
        for line in ("#SBATCH --partition=gpu", "#SBATCH --gres=gpu:1", "#SBATCH --cpus-per-task=1"):
            assert line in script
        assert any(line.startswith("#SBATCH --time=") and "20:00" in line for line in script)
        assert any(line.startswith("#SBATCH --mem=") for line in script)
        assert execute_graph(graphs.chain(), scheduler=cluster) == {"result": 7}
        wait_for(lambda: len(queue()) == 2)
        assert execute_graph(graphs.single("environment", variable="SLURM_JOB_PARTITION"), scheduler=cluster) == {
            "return_value": "gpu"
        }
        cluster.scale(1)
        wait_for(lambda: len(queue()) == 1)
        cluster.adapt(minimum_jobs=0, maximum_jobs=2)
        futures = [submit_graph(graphs.single("pause", seconds=3), scheduler=cluster) for _ in range(2)]
        wait_for(lambda: len(queue()) == 2)
        assert [future.result(60) for future in futures] == [{"return_value": None}] * 2
        assert execute_graph(graphs.chain(), scheduler=cluster.scheduler_address) == {"result": 7}
    wait_for(lambda: not queue())


def test_for_one_run():
    found = execute_graph(
        graphs.single("environment", variable="SLURM_JOB_ID"), scheduler="slurm", scheduler_options=POOL
    )
    assert found["return_value"].isdigit()
    wait_for(lambda: not queue())
    assert "SLURM_JOB_ID" not in os.environ


def test_main_module(program):
    """Functions of the calling program can be inputs of tasks on other machines."""
    out = program(f"""
import graphs
from ewokshpc import execute_graph

def double(x):
    return 2 * x

if __name__ == "__main__":
    graph = graphs.graph(graphs.method("only", "call", function=double, value=4))
    print(execute_graph(graph, scheduler="slurm", scheduler_options={POOL!r}))
""")
    assert out == "{'return_value': 8}\n"


def test_refused_by_slurm():
    with pytest.raises(RuntimeError, match="no_such_partition"):
        execute_graph(graphs.chain(), scheduler="slurm", scheduler_options={**POOL, "queue": "no_such_partition"})
    wait_for(lambda: not queue())
