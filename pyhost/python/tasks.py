"""How each type of ewoks task is executed.

``method``, ``script``, ``ppfmethod`` and ``ppfport`` need nothing but the standard library,
unless something is wanted that only ewokscore can do; all other types go through ewokscore.
"""

import importlib
import importlib.util
import os
import subprocess
import sys

from . import ewoks, values
from .ewoks import MissingPackage  # what execute raises


def execute(request, inputs):
    """Execute one task.

    :param request: the request as on the wire, see ``task/encode.go``
    :param inputs: dict of argument name (str, or int for a position) to value
    :returns: dict of output name to value, see ``ewoks.execute``
    :raises MissingPackage: when ewokscore is needed and not installed
    :raises RuntimeError: when the execution failed, with the words of ewoks; its cause is what
        was raised. What went wrong before the execution is raised as it is.
    """
    if request["t"] == SAVE:
        return _save(request, inputs)
    run = _RUNNERS.get(request["t"])
    need = ewoks.need(request) if run else "task type %r" % request["t"]
    if need:
        return ewoks.execute(request, inputs, need)
    for name, value in inputs.items():
        inputs[name] = ewoks.plain(value)
    try:
        return run(request["i"], inputs)
    except Exception as error:
        raise ewoks.execution_error(request, error) from error


def argument(name):
    """Return an input name as ewoks sees it: digits are a position."""
    return int(name) if name.isdigit() else name


_imported = {}


def import_method(name):
    """Import the callable ``package.module.attribute`` or ``path/to/file.py::attribute``."""
    found = _imported.get(name)
    if found is None:
        found = _import_method(name)
        if not callable(found):
            raise TypeError("%r is not callable (got %s)" % (name, type(found)))
        _imported[name] = found
    return found


def _import_method(name):
    path, _, attribute = name.rpartition("::" if "::" in name else ".")
    if "::" not in name:
        if not path:
            raise ImportError("Cannot import %s, no module part found" % name)
        if "" not in sys.path:
            sys.path.insert(0, "")  # the current directory
    try:
        return getattr(_import_module(path), attribute)
    except AttributeError:
        raise ImportError("Cannot import %s from %s" % (attribute, path)) from None


def _import_module(path):
    if not (path.endswith(".py") and os.path.isfile(path)):
        return importlib.import_module(path)
    name = os.path.splitext(os.path.basename(path))[0]
    module = sys.modules.get(name)
    if module is None:
        spec = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def _run_method(identifier, inputs):
    method = import_method(identifier)
    if not inputs:
        return {"return_value": method()}
    placed, named = {}, {}
    for name, value in inputs.items():
        if not isinstance(name, str):
            placed[name] = value
        elif name != "_method" and not values.is_missing(value):
            named[name] = value
    return {"return_value": method(*_positional(placed), **named)}


def _positional(placed):
    """Return positional arguments, with MISSING_DATA for what is not given before the last."""
    if not placed:
        return ()
    # Asked for only now: the module of the method may have brought the one that it knows.
    args = [values.missing()] * (max(placed) + 1)
    for position, value in placed.items():
        if not values.is_missing(value):
            args[position] = value
    return args


def _run_ppfmethod(identifier, inputs):
    inputs.pop("_method", None)
    method = import_method(identifier)
    arguments = _ppf_arguments(inputs)
    result = method(**arguments)
    arguments.update(result)
    return {"_ppfdict": arguments}


def _run_ppfport(_, inputs):
    return {"_ppfdict": _ppf_arguments(inputs)}


def _ppf_arguments(inputs):
    arguments = {n: v for n, v in inputs.items() if not values.is_missing(v)}
    upstream = arguments.pop("_ppfdict", None)
    if upstream:
        arguments.update(upstream)
    return arguments


_SCRIPT_OPTIONS = ("_script", "_capture_output", "_merge_err", "_raise_on_error")


def _run_script(identifier, inputs):
    command = _script_command(identifier) + _script_arguments(inputs)
    capture = inputs.get("_capture_output")
    merge = capture and inputs.get("_merge_err")
    out = err = None
    if capture:
        out = subprocess.PIPE
        err = subprocess.STDOUT if merge else subprocess.PIPE
    done = subprocess.run(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    if inputs.get("_raise_on_error"):
        done.check_returncode()
    return {
        "return_code": done.returncode,
        "out": done.stdout.decode() if capture else None,
        "err": done.stderr.decode() if capture and not merge else None,
    }


def _script_command(script):
    if not os.path.isfile(script):
        return script.split(" ")
    path = os.path.abspath(script)
    with open(path) as file:  # as text, like ewokscore: what is not is an error
        if file.readline().startswith("#!"):
            return [path]
    return [sys.executable if script.endswith(".py") else "bash", path]


def _script_arguments(inputs):
    arguments, positional = [], []
    for name, value in inputs.items():
        if name in _SCRIPT_OPTIONS or values.is_missing(value):
            continue
        if isinstance(name, int):
            positional.append((name, str(value)))
            continue
        arguments.append(("-" if len(name) == 1 else "--") + name)
        if str(value):
            arguments.append(str(value))
    return arguments + [value for _, value in sorted(positional)]


def _save(request, inputs):
    """Write the outputs of a run to a file, all or nothing."""
    import pickle

    path = request["i"]
    temporary = "%s.%d.tmp" % (path, os.getpid())
    # Our own marker for a missing value means nothing to whoever reads the file.
    outputs = {str(n): ewoks.plain(v) for n, v in inputs.items() if type(v) is not values.MissingData}
    try:
        with open(temporary, "wb") as file:
            pickle.dump(outputs, file, protocol=5)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    return {}


#: The type of the task, of no node, that writes the outputs of a run to a file.
SAVE = "ewoks-hpc:save"

_RUNNERS = {
    "method": _run_method,
    "ppfmethod": _run_ppfmethod,
    "ppfport": _run_ppfport,
    "script": _run_script,
}

#: The types whose errors are not in words yet.
STANDARD = frozenset((SAVE,))
