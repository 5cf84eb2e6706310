"""The parent of an interpreter, which stays behind to end whatever tasks have started.

A process that a task starts may leave the process group and the session of its interpreter, and
may become an orphan. The keeper is the reaper of orphans among its descendants, so it finds them
all, also when the interpreter has ended by itself. It ends as the interpreter did.
"""

import ctypes
import os
import signal
import time

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36

#: Seconds in which all that was killed should be gone: one that waits for a disk may take for ever.
PATIENCE = 3

#: Seconds in which srun should have ended what it started on other nodes.
STEP_PATIENCE = 6

_AWAITED = {signal.SIGTERM, signal.SIGCHLD}


def keep():
    """Return in a new process, as the interpreter. The calling process is its keeper.

    SIGTERM to the keeper, or the end of its parent, ends the interpreter and all that it has
    started.
    """
    prctl = ctypes.CDLL(None).prctl
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    keeper = os.getpid()
    interpreter = os.fork()
    if interpreter:
        try:
            _end_like(_watch(interpreter))
        finally:
            os._exit(1)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(1)
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _watch(interpreter):
    """Wait for the end of the interpreter, end what it leaves, and return its exit status."""
    for fd in os.listdir("/proc/self/fd"):  # the launcher waits for the end of its connection
        if int(fd) > 2:
            _ignore_errors(os.close, int(fd))
    status = None
    while status is None:
        if signal.sigwait(_AWAITED) == signal.SIGTERM:
            _end_all()
            return signal.SIGTERM  # as the exit status of who was ended by it
        status = _reap().get(interpreter)
    _end_all()
    return status


def _reap():
    """Return the exit statuses of the children that have ended since the last time."""
    ended = {}
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return ended
            ended[pid] = status
    except ChildProcessError:
        return ended


def _end_all():
    """Kill all descendants. Orphans become children, so there are children as long as there are any."""
    if "SLURM_JOB_ID" in os.environ:
        _end_steps()
    deadline = time.monotonic() + PATIENCE
    pause = 0.001
    while time.monotonic() < deadline:
        _reap()
        children = _children()
        if not children:
            return
        for pid in children:  # not reaped yet, so that no other can have its number
            _ignore_errors(os.kill, pid, signal.SIGKILL)
        time.sleep(pause)
        pause = min(2 * pause, 0.1)


def _end_steps():
    """Let each srun among the descendants end its step.

    Killed together with the child that watches it, srun would leave the step behind: its processes
    on all nodes, and their cores, which the next srun would wait for. After SIGTERM it kills them.
    Whoever started it is stopped before, so as not to start the next.
    """
    deadline = time.monotonic() + STEP_PATIENCE
    told = set()
    while time.monotonic() < deadline:
        _reap()
        steps = set()
        for pid, (name, parent_name, state) in _descendants().items():
            if parent_name == b"srun":
                continue
            if name != b"srun":
                _ignore_errors(os.kill, pid, signal.SIGSTOP)
            elif state != b"Z":
                steps.add(pid)
        if not steps:
            return
        for pid in steps - told:
            _ignore_errors(os.kill, pid, signal.SIGTERM)
        told |= steps
        time.sleep(0.02)


def _descendants():
    """Return the name, the name of the parent, and the state of each descendant, by process id."""
    processes = {int(pid): _status(pid) for pid in os.listdir("/proc") if pid.isdigit()}
    children = {}
    for pid, status in processes.items():
        if status:
            children.setdefault(status[1], []).append(pid)
    found, new = {}, children.get(os.getpid(), [])
    while new:
        pid = new.pop()
        name, parent, state = processes[pid]
        above = processes.get(parent)
        found[pid] = name, above and above[0], state
        new.extend(children.get(pid, []))
    return found


def _children():
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == os.getpid()]


def _parent(pid):
    status = _status(pid)
    return status and status[1]


def _status(pid):
    """Return the name, the parent and the state of a process, see proc_pid_stat(5)."""
    try:
        with open("/proc/%s/stat" % pid, "rb") as file:
            before, _, after = file.read().rpartition(b")")
    except OSError:  # it has ended meanwhile
        return None
    state, parent = after.split()[:2]
    return before.partition(b"(")[2], int(parent), state


def _end_like(status):
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)  # one dump of memory is enough
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


def _ignore_errors(call, *args):
    try:
        call(*args)
    except OSError:
        pass
