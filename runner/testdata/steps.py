"""What the tasks of the tests do."""

import os
import subprocess
import sys
import time


def add(a=0, b=0):
    return a + b


def fail(a=0):
    raise ValueError("no %s" % a)


def crash(a=0):
    os._exit(3)


def exhaust(a=0):
    raise MemoryError("none left")


def sleep(seconds, a=0):
    time.sleep(seconds)
    return seconds


def say(text):
    print("one", text)
    print("two", text)
    print("three", text, file=sys.stderr)
    return text


def shout(size):
    print("x" * size)
    return size


def told(error):
    return error["errorMessage"]


def count(x=0, limit=5, **_):
    x += 1
    return {"x": x, "limit": limit, "more": x < limit}


def large(size):
    return "x" * size


def pid(a=0):
    return os.getpid()


def meet(mine, other):
    """Wait until somebody else is here."""
    open(mine, "w").close()
    deadline = time.monotonic() + 20
    while not os.path.exists(other):
        if time.monotonic() > deadline:
            raise TimeoutError(other)
        time.sleep(0.005)
    return "met"


def hold(path):
    """Leave the ids of this process and of one that it has started, and never return."""
    child = subprocess.Popen(["sleep", "1000"])
    with open(path + ".new", "w") as file:
        file.write("%d %d" % (os.getpid(), child.pid))
    os.rename(path + ".new", path)
    time.sleep(1000)


def allocate(size, seconds):
    """Use so much memory, for so long."""
    data = bytearray(size)
    for i in range(0, size, 4096):
        data[i] = 1
    time.sleep(seconds)
    return len(data)
