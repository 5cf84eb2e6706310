"""The package: what a wheel has, that ewoks finds the engine, types, syntax and documentation."""

import ast
import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import graphs
import pytest
from conftest import CHECKOUT
from conftest import HERE

import ewokshpc
from ewokshpc import binary

PACKAGE = HERE.parent


def pip(*words, **env):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The package alone, as an sdist has it."""
    target = tmp_path_factory.mktemp("source") / "python"
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "tests", "conformance", "bin")
    shutil.copytree(PACKAGE, target, ignore=ignored)
    return target


@pytest.fixture(scope="session")
def wheel(source, tmp_path_factory):
    """A wheel with the program."""
    target = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", str(target), str(source), EWOKSHPC_BINARY=binary.find())
    (path,) = target.iterdir()
    return path


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """The directory where the wheel is installed."""
    target = tmp_path_factory.mktemp("installed")
    pip("install", "--no-deps", "--no-index", "--target", str(target), str(wheel))
    return target


@pytest.fixture
def environment(installed, monkeypatch):
    """An environment with the installed package, without anything else that could be found."""
    monkeypatch.delenv("EWOKSHPC_BINARY", raising=False)
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(installed), str(HERE)))}


def test_wheel(wheel):
    version = re.escape(ewokshpc.__version__)
    assert re.fullmatch(rf"ewokshpc-{version}-py3-none-linux_\w+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        assert "ewokshpc/py.typed" in names
        assert not [name for name in names if name.startswith(("tests", "conformance"))]
        mode = file.getinfo("ewokshpc/bin/ewoks-hpc").external_attr >> 16
        assert stat.S_IMODE(mode) & 0o111 == 0o111
        (metadata,) = [name for name in names if name.endswith("/METADATA")]
        requires = re.findall("^Requires-Dist: (.*)$", file.read(metadata).decode(), re.MULTILINE)
    assert [line for line in requires if "extra ==" not in line] == ["ewokscore"]


def test_carried_program(environment, tmp_path):
    text = "import ewokshpc.binary, graphs; print(ewokshpc.binary.find(), ewokshpc.execute_graph(graphs.chain()))"
    done = subprocess.run([sys.executable, "-c", text], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path, _, result = done.stdout.partition(" ")
    assert path.endswith("ewokshpc/bin/ewoks-hpc")
    assert Path(path).is_relative_to(environment["PYTHONPATH"].partition(os.pathsep)[0])
    assert result == "{'result': 7}\n"


@pytest.mark.parametrize("scheduler", ["sequential", "multiprocessing"])
def test_ewoks_execute(environment, tmp_path, scheduler):
    """``ewoks execute graph.json --engine hpc`` finds the engine by its entry point."""
    if not importlib.util.find_spec("ewoks"):
        pytest.skip("ewoks is not installed")
    (tmp_path / "graph.json").write_text(json.dumps(graphs.chain()))
    words = [
        "execute",
        "graph.json",
        "--engine",
        "hpc",
        "-o",
        f"scheduler={scheduler}",
        "-pn",
        "second:b=10",
        "--outputs",
        "all",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "ewoks", *words, "--merge-outputs"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "'result': 13" in done.stdout and "'return_value': 3" in done.stdout


def test_without_the_program(source, tmp_path):
    """Sources without a program and without Go make a package that looks on PATH, and says so."""
    setup = runpy_setup(source)
    env = {**os.environ, "PATH": str(tmp_path)}
    env.pop("EWOKSHPC_BINARY", None)
    done = subprocess.run([sys.executable, "-c", setup], cwd=source, env=env, capture_output=True, text=True)
    assert done.stdout == "None\n", done.stderr
    assert "it has to be on PATH" in done.stderr
    env["EWOKSHPC_BINARY"] = "/no/such/file"
    done = subprocess.run([sys.executable, "-c", setup], cwd=source, env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert "EWOKSHPC_BINARY=/no/such/file" in done.stderr


def runpy_setup(source):
    """Return a program that prints what setup.py finds, without setuptools of a certain version."""
    text = (source / "setup.py").read_text()
    head = text[: text.index("class BuildWithProgram")]
    head = "\n".join(line for line in head.splitlines() if "setuptools" not in line)
    return f"__file__ = {str(source / 'setup.py')!r}\n{head}\nprint(program())\n"


class TestFind:
    def test_on_path(self, monkeypatch, tmp_path):
        program = tmp_path / "ewoks-hpc"
        program.write_text("")
        program.chmod(0o755)
        monkeypatch.delenv("EWOKSHPC_BINARY", raising=False)
        monkeypatch.setattr(binary, "__file__", str(tmp_path / "a" / "b" / "c" / "binary.py"))
        monkeypatch.setenv("PATH", str(tmp_path))
        assert binary.find() == str(program)
        program.unlink()
        with pytest.raises(FileNotFoundError, match="EWOKSHPC_BINARY"):
            binary.find()

    def test_in_the_checkout(self, monkeypatch, tmp_path):
        (tmp_path / "bin").mkdir()
        program = tmp_path / "bin" / "ewoks-hpc"
        program.write_text("")
        program.chmod(0o755)
        monkeypatch.delenv("EWOKSHPC_BINARY", raising=False)
        monkeypatch.setattr(binary, "__file__", str(tmp_path / "python" / "ewokshpc" / "binary.py"))
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(FileNotFoundError):
            binary.find()
        (tmp_path / "go.mod").touch()
        assert binary.find() == str(program)


def test_types():
    if not importlib.util.find_spec("mypy"):
        pytest.skip("mypy is not installed")
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=PACKAGE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "path", sorted([*PACKAGE.glob("ewokshpc/*.py"), *CHECKOUT.glob("pyhost/python/*.py")]), ids=lambda path: path.name
)
def test_syntax_of_python_3_9(path):
    ast.parse(path.read_text(), feature_version=(3, 9))


def examples(path):
    """Return the Python programs of a document; those that need Slurm say so in their first line."""
    return re.findall(r"^```python\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)


EXAMPLES = examples(CHECKOUT / "docs" / "python.md")
NEEDS_SLURM = "# needs Slurm\n"


def compare(text, out):
    """Compare what an example printed with what it says it does."""
    wanted = re.findall(r"# prints (.*)", text)
    assert [line for line in out.splitlines() if not line.startswith(("Address: ", "Dashboard: "))] == wanted


@pytest.mark.parametrize("text", [text for text in EXAMPLES if not text.startswith(NEEDS_SLURM)])
def test_examples(program, text):
    compare(text, program(text))


@pytest.mark.slurm
@pytest.mark.parametrize("text", [text for text in EXAMPLES if text.startswith(NEEDS_SLURM)])
def test_examples_with_slurm(slurm, program, text):
    compare(text, program(text))
