"""How each type of ewoks task is executed.

``method``, ``script``, ``ppfmethod`` and ``ppfport`` need nothing but the standard library;
all other types go through ewokscore.
"""

import importlib
import importlib.util
import os
import subprocess
import sys

from . import values


def execute(request, inputs):
    """Execute one task.

    :param request: the request as on the wire, see ``task/encode.go``
    :param inputs: dict of argument name (str, or int for a position) to value
    :returns: dict of output name to value
    """
    runner = _RUNNERS.get(request["t"], _run_with_ewokscore)
    return runner(request, inputs)


def argument(name):
    """Return an input name as ewoks sees it: digits are a position."""
    return int(name) if name.isdigit() else name


_imported = {}


def import_object(name):
    """Import ``package.module.attribute`` or ``path/to/file.py::attribute``."""
    found = _imported.get(name)
    if found is None:
        found = _imported[name] = _import_object(name)
    return found


def _import_object(name):
    if "::" in name:
        path, _, attribute = name.rpartition("::")
        module = _import_file(path)
    else:
        path, _, attribute = name.rpartition(".")
        if not path:
            raise ImportError("Cannot import %s, no module part found" % name)
        module = importlib.import_module(path)
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ImportError("Cannot import %s from %s" % (attribute, path)) from None


def _import_file(path):
    if not (path.endswith(".py") and os.path.isfile(path)):
        return importlib.import_module(path)
    name = os.path.splitext(os.path.basename(path))[0]
    module = sys.modules.get(name)
    if module is None:
        spec = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def _run_method(request, inputs):
    if not inputs:
        return {"return_value": import_object(request["i"])()}
    named = {n: v for n, v in inputs.items() if isinstance(n, str) and not values.is_missing(v)}
    positions = [n for n in inputs if isinstance(n, int)]
    args = [inputs.get(i, values.missing()) for i in range(max(positions) + 1)] if positions else []
    named.pop("_method", None)
    return {"return_value": import_object(request["i"])(*args, **named)}


def _run_ppfmethod(request, inputs):
    method = import_object(request["i"])
    arguments = _ppf_arguments(inputs)
    arguments.pop("_method", None)
    result = method(**arguments)
    arguments.update(result)
    return {"_ppfdict": arguments}


def _run_ppfport(request, inputs):
    return {"_ppfdict": _ppf_arguments(inputs)}


def _ppf_arguments(inputs):
    arguments = {n: v for n, v in inputs.items() if not values.is_missing(v)}
    upstream = arguments.pop("_ppfdict", None)
    if upstream:
        arguments.update(upstream)
    return arguments


_SCRIPT_OPTIONS = ("_script", "_capture_output", "_merge_err", "_raise_on_error")


def _run_script(request, inputs):
    command = _script_command(request["i"]) + _script_arguments(inputs)
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
    with open(path, "rb") as file:
        if file.readline(2) == b"#!":
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


class MissingPackage(Exception):
    """A package that a type of task needs is not installed."""


def _run_with_ewokscore(request, inputs):
    try:
        from ewokscore.inittask import instantiate_task
    except ImportError as error:
        raise MissingPackage(
            "task type %r needs the Python package ewokscore (%s)" % (request["t"], error)
        ) from error
    attributes = {"task_type": request["t"]}
    for key, name in (("i", "task_identifier"), ("l", "label"), ("g", "task_generator")):
        if request.get(key):
            attributes[name] = request[key]
    task = instantiate_task(request["n"], attributes, inputs=inputs)
    task.execute()
    return task.get_output_values()


def _save(request, inputs):
    """Write the outputs of a run to a file, all or nothing."""
    import pickle

    path = request["i"]
    temporary = "%s.%d.tmp" % (path, os.getpid())
    # Our own marker for a missing value means nothing to whoever reads the file.
    outputs = {str(n): v for n, v in inputs.items() if type(v) is not values.MissingData}
    try:
        with open(temporary, "wb") as file:
            pickle.dump(outputs, file, protocol=5)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    return {}


_RUNNERS = {
    "ewoks-hpc:save": _save,
    "method": _run_method,
    "ppfmethod": _run_ppfmethod,
    "ppfport": _run_ppfport,
    "script": _run_script,
}

#: The types whose errors ewokscore has already put into words.
STANDARD = frozenset(_RUNNERS)
