"""Where the program ewoks-hpc is."""

import os
import shutil
from pathlib import Path

#: Environment variable that names the program.
VARIABLE = "EWOKSHPC_BINARY"

NAME = "ewoks-hpc"


def find() -> str:
    """Return the path of the program: the one that :data:`VARIABLE` names, the one that the
    package carries, the one of the checkout that the package is in, or the one on ``PATH``.

    :raises FileNotFoundError: when there is none
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"{VARIABLE}={named} is not a program that can be run")
        return named
    package = Path(__file__).parent
    carried, checkout = package / "bin" / NAME, package.parent.parent
    if os.access(carried, os.X_OK):
        return str(carried)
    built = checkout / "bin" / NAME
    if (checkout / "go.mod").is_file() and os.access(built, os.X_OK):
        return str(built)
    found = shutil.which(NAME)
    if found is None:
        raise FileNotFoundError(
            "the program ewoks-hpc was not found in the package ewokshpc nor on PATH\n"
            f"install it, or name it in the environment variable {VARIABLE}"
        )
    return found
