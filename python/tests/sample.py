"""Tasks of the tests. Workers import this module; the calling process has it too."""

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass

from ewokscore import Task

#: State of the process, which tests set.
STATE = {}


class Sum(Task, input_names=["a"], optional_input_names=["b"], output_names=["result"]):
    """Add two numbers."""

    def run(self):
        self.outputs.result = self.inputs.a + self.get_input_value("b", 0)


class Partial(Task, output_names=["given", "left_out"]):
    """Give one of two outputs."""

    def run(self):
        self.outputs.given = 1


@dataclass
class Point:
    """Something that JSON does not know."""

    x: int
    y: int


class OwnError(Exception):
    """An exception with more than a text."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def add(a=0, b=0):
    return a + b


def echo(value):
    return value


def is_same(value):
    return value is STATE.get("object")


def state(key):
    return STATE.get(key)


def fail(text="broken"):
    raise ValueError(text)


def fail_with_code(code):
    raise OwnError(code)


def message_of(WorkflowException=None, WorkflowExceptionInstance=None, **_):
    return WorkflowException["errorMessage"], type(WorkflowExceptionInstance).__name__


def leave(code):
    sys.exit(code)


def pause(seconds=0.0, value=None):
    time.sleep(seconds)
    return value


def where(value=None):
    return os.getpid(), threading.get_ident()


def sleep_until_killed(path):
    """Write the process id to a file, and sleep."""
    with open(path + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".new", path)
    time.sleep(600)


def fail_twice(path):
    """Raise, the first and the second time that this is called; then return how often it was."""
    with open(path, "a") as file:
        file.write("x")
    count = os.path.getsize(path)
    if count < 3:
        raise OSError("not yet")
    return count


def interrupt():
    """Do to the process what Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(600)


def meet(path, me, other):
    """Return once another task has been here too; fails if they cannot overlap."""
    open(os.path.join(path, me), "w").close()
    deadline = time.monotonic() + 30
    while not os.path.exists(os.path.join(path, other)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{other} did not begin while {me} was executed")
        time.sleep(0.005)
    return me


def count_down(n):
    return {"n": n - 1, "again": n - 1 > 0}


class CountDown(Task, input_names=["n"], output_names=["n", "again"]):
    """One turn of a loop."""

    def run(self):
        self.outputs.n = self.inputs.n - 1
        self.outputs.again = self.inputs.n - 1 > 0


def array(size, seed):
    import numpy

    return numpy.random.default_rng(seed).integers(0, 255, size, dtype=numpy.uint8)


def digest(value):
    import hashlib

    return hashlib.sha256(value.data).hexdigest()


def nested(scheduler):
    """Run a workflow from a task."""
    import graphs

    from ewokshpc import execute_graph

    return execute_graph(graphs.chain(), scheduler=scheduler)


def call(function, value):
    return function(value)


def handles():
    """Return a generator, which cannot be pickled by anything."""
    return (i for i in range(3))


def is_missing_inside(values):
    """Tell whether the first value is the marker that ewokscore knows."""
    from ewokscore.missing_data import is_missing_data

    return is_missing_data(values[0])


def sockets():
    """Return the sockets that the process has open."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("socket:"):
                found.append(fd)
        except OSError:
            continue  # that of the listing
    return found


def say(text):
    print(text)
    print("to stderr", file=sys.stderr)


def environment(variable):
    return os.environ.get(variable)
