"""The inside of a warm interpreter: read requests, execute tasks, write results.

A header from the launcher is one of::

    {"run": [request, ...]}          execute these tasks in this order
    {"drop": [seq, ...], "of": run}  forget held values
    {"forget": run}                  forget everything about a run

and a header to the launcher ``{"results": [result]}``. Requests and results are written down in
``task/encode.go``.
"""

import faulthandler
import os
import platform
import sys
import threading
import time
import traceback

from . import ewoks, memory, tasks
from .conditions import fired
from .values import Unpicklable, show

SUCCEEDED, FAILED, SKIPPED = 0, 1, 3

#: Microseconds that a task may take for another to follow it without asking: after a longer one
#: it costs little to ask, and somebody may want to choose anew.
FOLLOW_LIMIT = 10000
WANT_NONE, WANT_KEEP, WANT_SHOW, WANT_ERROR = 1, 2, 4, 8


def describe_interpreter():
    """Return what the launcher wants to know before it sends tasks."""
    return {"pid": os.getpid(), "version": platform.python_version(), "executable": sys.executable}


class Host:
    """Executes the tasks that arrive on channels: one thread for each, one task at a time."""

    def __init__(self, values, capture=None, contain=True):
        """
        :param values: the Values that tasks take from and leave in
        :param capture: the Capture of what tasks print. None leaves it alone, and does not look
            at memory: the process is not ours
        :param contain: what is no Exception (SystemExit, KeyboardInterrupt) is an error of the
            task too; else it ends the thread
        """
        self._values = values
        self._capture = capture
        self._contained = BaseException if contain else Exception
        self._halted = {}  # run -> batch in which a task failed

    def serve(self, channels):
        """Work until the first channel ends."""
        faulthandler.enable()
        for channel in channels[1:]:
            threading.Thread(target=self.work, args=(channel,), daemon=True).start()
        self.work(channels[0])

    def work(self, channel):
        """Execute what arrives on one channel, until it ends."""
        while True:
            header, blobs = channel.read()
            if header is None:
                return
            if "run" in header:
                for request in header["run"]:
                    passed = None
                    while request is not None:
                        request, passed = self._execute(channel, request, blobs, passed)
            elif "drop" in header:
                self._values.drop(header["of"], header["drop"])
            elif "forget" in header:
                self._values.forget(header["forget"])
                ewoks.forget(header["forget"])
                self._halted.pop(header["forget"], None)

    def _execute(self, channel, request, blobs, passed):
        """Execute one task; return the request that follows, if it is begun, and its inputs' source."""
        result = {"r": request["r"], "s": request["s"], "a": request["a"]}
        if request.get("b", 0) <= self._halted.get(request["r"], -1):
            result["k"] = SKIPPED
            channel.write({"results": [result]})
            return None, None
        produced = []
        outputs = None
        result["at"] = time.time_ns() // 1000
        start = time.perf_counter_ns()
        try:
            outputs = self._run(request, blobs, result, produced, passed)
        except self._contained as error:
            if request.get("f"):
                self._halted[request["r"]] = request.get("b", 0)
            produced = []
            self._fail(request, error, result, produced)
        result["d"] = (time.perf_counter_ns() - start) // 1000
        if self._capture is not None:
            out, err = self._capture.take()
            if out:
                result["so"] = out
            if err:
                result["se"] = err
            if result["d"] >= memory.LOOK_LIMIT:
                result["pm"] = memory.take()
        then = request.get("nx")
        if then is not None and (outputs is None or result["d"] > FOLLOW_LIMIT or not _can_follow(then, outputs)):
            then = None
        if then is not None:
            result["bg"] = True
            then["b"] = request.get("b", 0)
        channel.write({"results": [result]}, produced)
        return then, outputs

    def _run(self, request, blobs, result, produced, passed):
        run, wanted = request["r"], request.get("w", 0)
        inputs = {
            tasks.argument(n): passed[v[1]] if v and v[0] == "b" else self._load(v, run, blobs)
            for n, v in request.get("in", ())
        }
        outputs = _execute_once(request, inputs)
        if "c" in request:
            judged = outputs.get("_ppfdict", {}) if request["t"] in ("ppfmethod", "ppfport") else outputs
            result["fi"] = fired(request["c"], request.get("ce"), judged)
        if wanted & WANT_SHOW:
            result["j"] = show({name: ewoks.plain(value) for name, value in outputs.items()})
        if not wanted & WANT_NONE:
            result["o"] = self._values.dump(outputs, run, request["s"], wanted & WANT_KEEP, produced)
        return outputs

    def _load(self, wire, run, blobs):
        value = self._values.load(wire, run, blobs)
        if wire and wire[0] == "g":  # whole outputs are a mapping for the task, not of ewokscore
            return {name: ewoks.plain(member) for name, member in value.items()}
        return value

    def _fail(self, request, error, result, produced):
        result["k"] = FAILED
        result["e"] = failure = _failure(request, error)
        for key in ("o", "j", "fi"):
            result.pop(key, None)
        wanted = request.get("w", 0)
        if wanted & WANT_ERROR:
            outputs = {
                "WorkflowException": {"errorMessage": failure["message"], "traceBack": failure["traceback"]},
                "WorkflowExceptionInstance": _instance(error, failure["message"]),
            }
            run, seq = request["r"], request["s"]
            try:
                result["o"] = self._values.dump(outputs, run, seq, wanted & WANT_KEEP, produced)
            except Unpicklable:  # the exception: what it says can always travel
                del produced[:]
                outputs["WorkflowExceptionInstance"] = RuntimeError(failure["message"])
                result["o"] = self._values.dump(outputs, run, seq, wanted & WANT_KEEP, produced)


def _execute_once(request, inputs):
    """Execute a task; of the processes that come back only the one that began it does so to us."""
    pid = os.getpid()
    try:
        outputs = tasks.execute(request, inputs)
    except BaseException as error:
        if os.getpid() != pid:
            _end_fork(error)
        raise
    if os.getpid() != pid:
        _end_fork(None)
    return outputs


def _end_fork(error):
    """End a process that a task has forked, as Python does at the end of a program.

    It has our channels: going on it would answer for the task, and take the next ones.
    """
    cause = getattr(error, "__cause__", None) or error  # without the words of ewoks
    status = 0 if cause is None else 1
    try:
        if isinstance(cause, SystemExit) and (cause.code is None or isinstance(cause.code, int)):
            status = (cause.code or 0) & 0xFF
        elif cause is not None:
            traceback.print_exception(type(cause), cause, _trim(cause.__traceback__))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _can_follow(request, outputs):
    """Whether all that a request wants of the task before is there."""
    return all(not v or v[0] != "b" or v[1] in outputs for _, v in request.get("in", ()))


def _instance(error, message):
    """Return the exception that ewoks would raise for the task."""
    if str(error) == message:
        return error
    instance = RuntimeError(message)
    instance.__cause__ = error
    return instance


#: Characters of a message or traceback that travel: the first and the last half.
TEXT_LIMIT = 64 << 10


def _clip(text):
    if len(text) <= TEXT_LIMIT:
        return text
    return text[: TEXT_LIMIT // 2] + "\n...\n" + text[-TEXT_LIMIT // 2 :]


def _failure(request, error):
    cause = error.__cause__ if type(error).__name__ == "TaskExecutionError" and error.__cause__ else error
    failure = {
        "cause": "out of memory" if isinstance(cause, MemoryError) else "exception",
        "type": type(cause).__name__,
        "message": _clip(_message(request, error)),
        "traceback": "",
    }
    if not isinstance(cause, (tasks.MissingPackage, Unpicklable)):  # those are about us, not the task
        lines = traceback.format_exception(type(cause), cause, _trim(cause.__traceback__))
        failure["traceback"] = _clip("".join(lines))
    advice = _advice(request, cause)
    if advice:
        failure["advice"] = advice
    return failure


def _message(request, error):
    text = str(error) or type(error).__name__
    if isinstance(error, (tasks.MissingPackage, Unpicklable)):
        return text
    if request["t"] not in tasks.STANDARD and isinstance(error, Exception):
        return text
    if isinstance(error, SystemExit):
        text = "the task called sys.exit(%s)" % ("" if error.code is None else error.code)
    return "Execution failed for ewoks task %r (id: %r, task: %r): %s" % (
        request.get("l") or request["n"],
        request["n"],
        request["i"],
        text,
    )


def _advice(request, error):
    if isinstance(error, tasks.MissingPackage):
        return "install it with: %s -m pip install ewokscore" % sys.executable
    if isinstance(error, ImportError):
        return "looked in %s and in the packages of %s; run from the directory of the module, or choose with --chdir or --python" % (
            os.getcwd(),
            sys.executable,
        )
    if isinstance(error, MemoryError):
        return "the task ran out of memory: give tasks more of it, or execute fewer of them at a time"
    return None


def _trim(tb):
    """Leave out the first frames, of this package and of Python's import: they tell a user nothing."""
    while tb is not None and tb.tb_frame.f_globals.get("__package__") in (__package__, "importlib"):
        tb = tb.tb_next
    return tb
