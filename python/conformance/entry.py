"""The entry point of the engine, as an installation of the package makes it."""

import sys
import tempfile
import tomllib
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Iterator

GROUP = "ewoks.engines"


@contextmanager
def installed() -> Iterator[None]:
    """Let ewoks find the engine ``hpc`` as ``pyproject.toml`` declares it, also if the package is
    not installed but only importable."""
    if entry_points(group=GROUP, name="hpc"):
        yield
        return
    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())["project"]
    lines = [f"{name} = {value}" for name, value in project["entry-points"][GROUP].items()]
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory, "ewokshpc-0.dist-info")
        folder.mkdir()
        folder.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: ewokshpc\nVersion: 0\n")
        folder.joinpath("entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
        sys.path.append(directory)
        try:
            yield
        finally:
            sys.path.remove(directory)
