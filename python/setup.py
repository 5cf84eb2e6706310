"""Puts the program ewoks-hpc into the package: see program()."""

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Optional
from typing import Tuple

from setuptools import Distribution
from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
NAME = "ewoks-hpc"


@lru_cache(maxsize=None)
def program() -> Optional[Path]:
    """Return the program for the package to carry: the one that ``EWOKSHPC_BINARY`` names, the
    one that was built in the checkout, or one that is built now; None if there is none."""
    named = os.environ.get("EWOKSHPC_BINARY")
    if named:
        if not os.access(named, os.X_OK):
            sys.exit(f"EWOKSHPC_BINARY={named} is not a program that can be run")
        return Path(named)
    checkout = HERE.parent
    if not (checkout / "go.mod").is_file():
        return _none("there are no Go sources next to this package")
    built = checkout / "bin" / NAME
    if os.access(built, os.X_OK):
        return built
    go = shutil.which("go")
    if go is None:
        return _none("it has not been built, and there is no Go to build it with")
    return _build(go, checkout)


def _build(go: str, checkout: Path) -> Path:
    target = HERE / "build" / NAME
    command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(target), f"./cmd/{NAME}"]
    subprocess.run(command, cwd=checkout, env={**os.environ, "CGO_ENABLED": "0"}, check=True)
    return target


def _none(why: str) -> None:
    print(f"warning: the package is made without the program {NAME}: {why}; it has to be on PATH", file=sys.stderr)


class BuildWithProgram(build_py):
    """Copies the program next to the modules."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the modules are used where they are, and find the program there
            return
        target = Path(self.build_lib, "ewokshpc", "bin", NAME)
        found = program()
        if found is None:
            target.unlink(missing_ok=True)  # of a build before
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, target)
        target.chmod(0o755)


class WheelWithProgram(bdist_wheel):
    """Names the platform that the program is for; any Python 3 will do."""

    def get_tag(self) -> Tuple[str, str, str]:
        _, _, platform = super().get_tag()
        return "py3", "none", platform


class WithProgram(Distribution):
    """A package for one platform, if it carries the program."""

    def has_ext_modules(self) -> bool:
        return program() is not None


setup(distclass=WithProgram, cmdclass={"build_py": BuildWithProgram, "bdist_wheel": WheelWithProgram})
