"""Fixtures: the schedulers, a local cluster for all tests, and a private Slurm."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import ewokshpc

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent

#: Every way to run a workflow in which tasks see the caller's objects, and every other.
HERE_ONLY = ["sequential", "multithreading"]
ELSEWHERE = ["fork", "spawn", "local"]


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Hear interrupts, also when a shell has started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory):
    """Keep the state of clusters out of the user's home."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    yield
    os.environ.pop("XDG_STATE_HOME")
    if before is not None:
        os.environ["XDG_STATE_HOME"] = before


@pytest.fixture(scope="session")
def cluster(state_home):
    """A local cluster with two workers."""
    with ewokshpc.local_scheduler(n_workers=2) as cluster:
        yield cluster


@pytest.fixture
def how(request, cluster):
    """Return keyword arguments of ``execute_graph`` for the name of a scheduler."""

    def arguments(name, workers=None):
        if name == "local":
            return {"scheduler": cluster}
        if name in ("fork", "spawn"):  # a fresh interpreter takes a second of a CPU
            options = {"num_workers": workers or {"fork": 2, "spawn": 1}[name], "context": name}
            return {"scheduler": "multiprocessing", "scheduler_options": options}
        if name == "multithreading":
            return {"scheduler": name, "scheduler_options": {"num_workers": workers or 2}}
        return {"scheduler": name}

    return arguments


@pytest.fixture
def program(tmp_path):
    """Run the text of a Python program, and return what it has printed.

    Its exit status is compared with ``status``.
    """

    def run(text, status=0):
        process = start_program(tmp_path, text)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            end(process)
        assert process.returncode == status, out + err
        return out if not status else out + err

    return run


def start_program(folder, text, **kw):
    """Start the text of a Python program."""
    path = Path(folder) / "program.py"
    path.write_text(text)
    paths = [str(HERE.parent), str(HERE), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, str(path)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kw,
    )


def end(process):
    """End a program that may have ended."""
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.fixture(scope="session")
def slurm():
    """A private Slurm, or the one that ``SLURM_CONF`` names."""
    if os.environ.get("SLURM_CONF"):
        yield
        return
    process = subprocess.Popen(
        ["go", "run", "./slurm/slurmtest/private-slurm"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        line = process.stdout.readline()
        if not line.startswith("export "):
            problem = process.stderr.read()
            if os.environ.get("EWOKS_HPC_TEST_SLURM") == "require":
                pytest.fail(f"no private Slurm: {problem}")
            pytest.skip(f"no private Slurm: {problem}")
        name, _, value = line[len("export ") :].strip().partition("=")
        os.environ[name] = value
        yield
        del os.environ[name]
    finally:
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
