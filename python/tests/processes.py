"""What processes there are, from /proc."""

import os
import time


def wait_for(condition, seconds=30):
    """Wait until a condition holds, and return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def alive(pid):
    """Tell whether a process is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid):
    """Return the ids of the processes that a process has started, and of those that they have."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                parents.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(int(name))
        except OSError:
            continue  # it has ended
    found, left = [], [pid]
    while left:
        mine = parents.get(left.pop(), [])
        found += mine
        left += mine
    return found


def command(pid):
    """Return the words of a process's command line."""
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read().split("\0")[:-1]
    except OSError:
        return []


def peak(pid):
    """Return the most memory that a process has used, in bytes."""
    with open(f"/proc/{pid}/status") as file:
        (line,) = [line for line in file if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
