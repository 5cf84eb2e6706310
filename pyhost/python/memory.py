"""How much memory the interpreter has had resident at most.

The kernel keeps the figure, and starts again when it is told to: VmHWM and clear_refs in proc(5).
"""

#: Microseconds that a task must take for somebody to look: to look takes about a hundred.
LOOK_LIMIT = 20000


def take():
    """Return the most bytes that were resident since the last call, 0 if that is not known."""
    try:
        with open("/proc/self/status", "rb") as file:
            status = file.read()
        with open("/proc/self/clear_refs", "wb", 0) as file:
            file.write(b"5")
    except OSError:  # the figure would be of all tasks so far
        return 0
    _, found, rest = status.partition(b"\nVmHWM:")
    return int(rest.split(None, 1)[0]) << 10 if found else 0
