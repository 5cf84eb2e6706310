"""Tasks as ewokscore executes them, with what only it can do: persistence, hashes, events, options.

What the tasks of a run have in common is its context: ``varinfo`` (where and how outputs are
persisted), ``execinfo`` (whom to send events to) and ``task_options`` (more arguments of task
constructors). A node can have a ``varinfo`` of its own, which is laid over that of the run.
"""

import functools
import importlib.util
import queue
import sys
import types
import weakref

from . import values

#: Seconds that asynchronous event handlers have, after a task, to take its events. An interpreter
#: may be ended at any time; what they have not taken by then is lost.
DRAIN_LIMIT = 10

_EVENTS = "ewokscore.events.global_state"


class MissingPackage(Exception):
    """A package that a task needs is not installed."""


class Context:
    """What the tasks of a run have in common."""

    __slots__ = ("varinfo", "execinfo", "task_options")

    def __init__(self, content):
        """:param content: dict, as in a request"""
        self.varinfo = content.get("varinfo")
        self.execinfo = content.get("execinfo")
        self.task_options = content.get("task_options")


_NOTHING = Context({})
_contexts = {}  # run -> (context as in its requests, Context)


def _context(request):
    content = request.get("cx")
    if not content:
        return _NOTHING
    known = _contexts.get(request["r"])
    if known is None or known[0] != content:
        known = _contexts[request["r"]] = content, Context(values.revive(content))
    return known[1]


def forget(run):
    """Forget the context of a run."""
    _contexts.pop(run, None)


def need(request):
    """Return what a task that can do without ewokscore needs it for, None if for nothing."""
    if "cx" not in request and "vi" not in request:
        return None
    context = _context(request)
    if _hashes(_varinfo(request, context)):
        return "persistence (varinfo)"
    if context.task_options:
        return "task_options"
    if context.execinfo:
        if context.execinfo.get("handlers"):
            return "event handlers (execinfo)"
        if _seen(context.execinfo) and _installed():
            return "events (execinfo)"
    return None


def execute(request, inputs, need):
    """Execute one task.

    :param request: the request as on the wire, see ``task/encode.go``
    :param inputs: dict of argument name to value
    :param need: what ewokscore is needed for, in words
    :returns: dict of output name to value, or to what stands for a value (see plain) if outputs
        are hashed: then their hashes depend on those of the inputs, as in ewoks
    :raises MissingPackage: when ewokscore is not installed
    """
    core, context = _core(need), _context(request)
    for name, value in inputs.items():
        if type(value) is values.MissingData:
            inputs[name] = core.missing_data.MISSING_DATA
    task = _instantiate(core, request, inputs, context)
    try:
        if context.execinfo and type(task)._send_event is core.Task._send_event:
            task._send_event = _only_if_seen(task._send_event, context.execinfo)
        task.execute()
    finally:
        task.__dict__.pop("_send_event", None)  # it refers to the task: a cycle
        if context.execinfo:
            _drain()
    if _hashes(_varinfo(request, context)):
        return task.get_output_transfer_data()
    # Not get_output_values: it leaves out what is missing, which still is an output.
    return {name: variable.value for name, variable in task.output_variables.items()}


def plain(value):
    """Return the Python value for what ewokscore passes between tasks in its place.

    That is a DataUri, DataProxy, Variable or hash. Any other value is returned as it is.
    """
    module = sys.modules.get("ewokscore.variable")
    if module is None or not isinstance(value, (module.hashing.HasUhash, module.hashing.UniversalHash)):
        return value
    if isinstance(value, module.VariableContainer):
        return value.get_variable_values()
    return module.value_from_transfer(value)


def execution_error(request, error):
    """Return the exception that ewoks raises for a task whose execution raised another."""
    message = "Execution failed for ewoks task %r (id: %r, task: %r): %s" % (
        request.get("l") or request["n"],
        request["n"],
        request["i"],
        error,
    )
    return _error_class()(message)


def _instantiate(core, request, inputs, context):
    attributes = {"task_type": request["t"]}
    for key, name in (("i", "task_identifier"), ("l", "label"), ("g", "task_generator")):
        if request.get(key):
            attributes[name] = request[key]
    if "vi" in request:
        attributes["varinfo"] = values.revive(request["vi"])
    if request["t"] == "class":  # what instantiate_task comes down to
        return core.Task.instantiate(
            request["i"],
            inputs=inputs,
            varinfo=context.varinfo,
            node_id=request["n"],
            node_attrs=attributes,
            execinfo=context.execinfo,
            **context.task_options or {}
        )
    return core.instantiate_task(
        request["n"],
        attributes,
        inputs=inputs,
        varinfo=context.varinfo,
        execinfo=context.execinfo,
        task_options=context.task_options,
    )


def _varinfo(request, context):
    if "vi" not in request:
        return context.varinfo
    varinfo = dict(context.varinfo or ())
    varinfo.update(values.revive(request["vi"]))
    return varinfo


def _hashes(varinfo):
    """Tell whether outputs have hashes, as ``Variable.hashing_enabled`` of ewokscore does."""
    return bool(varinfo) and any(varinfo.get(key) for key in ("root_uri", "has_data_proxy", "enable_hashing"))


def _core(need):
    try:
        return _import_core()
    except ImportError as error:
        raise MissingPackage("%s needs the Python package ewokscore (%s)" % (need, error)) from error


@functools.lru_cache(maxsize=None)
def _import_core():
    from ewokscore import missing_data
    from ewokscore.inittask import instantiate_task
    from ewokscore.task import Task

    return types.SimpleNamespace(instantiate_task=instantiate_task, Task=Task, missing_data=missing_data)


@functools.lru_cache(maxsize=None)
def _installed():
    return importlib.util.find_spec("ewokscore") is not None


@functools.lru_cache(maxsize=None)
def _error_class():
    try:
        from ewoksutils.exceptions import TaskExecutionError
    except ImportError:
        return ExecutionError
    return TaskExecutionError


class ExecutionError(RuntimeError):
    """Stands for TaskExecutionError of ewoksutils, for interpreters without it."""

    def __reduce__(self):  # elsewhere it is what any Python knows
        return RuntimeError, self.args


ExecutionError.__name__ = ExecutionError.__qualname__ = "TaskExecutionError"


def _seen(execinfo):
    """Tell whether anybody sees events that are no errors."""
    if execinfo.get("handlers"):
        return True
    logging = sys.modules.get("logging")
    if logging is None:
        return False
    return bool(_handlers(logging)) or logging.getLogger(_EVENTS).isEnabledFor(logging.INFO)


def _handlers(logging):
    """Return the handlers of events in this process."""
    return getattr(logging.root.manager.loggerDict.get("__%s__" % _EVENTS), "handlers", ())


def _only_if_seen(send, execinfo):
    """Spare a task the making of events that nobody sees. Errors are always seen, on stderr."""

    def send_event(**fields):
        if fields.get("exception") is not None or _seen(execinfo):
            send(**fields)

    return send_event


def _drain():
    """Wait until asynchronous handlers have taken the events so far."""
    for handler in _handlers(sys.modules["logging"]):
        pending = getattr(handler, "queue", None)
        if isinstance(pending, queue.Queue) and handler not in _stuck:
            with pending.all_tasks_done:
                if not pending.all_tasks_done.wait_for(lambda: not pending.unfinished_tasks, DRAIN_LIMIT):
                    _stuck.add(handler)


_stuck = weakref.WeakSet()  # handlers that nobody waits for any more: they were given up once
