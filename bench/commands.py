"""Run one whole command, ours or the peer's, time it and check what it printed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cases import Point

BENCH = Path(__file__).resolve().parent
WORKERS = 2
GRACE = 5.0  # seconds between being asked to end and being killed


class Failed(Exception):
    """A command that gave no answer, or a wrong one."""


@dataclass(frozen=True)
class Side:
    """One of the two programs compared."""

    name: str
    program: list[str]
    peer: bool

    def command(self, graph: Path, scheduler: str) -> list[str]:
        """Return the command that runs ``graph`` on two workers of one thread."""
        words = [*self.program, str(graph), "--scheduler", scheduler]
        if self.peer:
            return [*words, "--workers", str(WORKERS)]
        if scheduler == "cluster":
            return [*words, "--n-workers", str(WORKERS), "--threads-per-worker", "1"]
        if scheduler == "sequential":
            return words
        return [*words, "--num-workers", str(WORKERS)]


def ours(binary: Path, folder: Path) -> Side:
    """Return the side that runs a copy of ``binary`` in ``folder``: a build while measuring changes nothing."""
    return Side("ewoks-hpc", [shutil.copy2(str(binary), str(folder / "ewoks-hpc")), "run", "--python", sys.executable], peer=False)


def peer() -> Side:
    """Return the side that runs ewoksdask."""
    return Side("ewoksdask", [sys.executable, str(BENCH / "peer.py")], peer=True)


def measure(side: Side, point: Point, graph: Path, timeout: float) -> float:
    """Return the seconds that ``side`` takes for ``point``, or raise Failed."""
    printed, said, seconds = output(side.command(graph, point.scheduler), timeout)
    _check(side, point, printed, said)
    return seconds


def output(command: list[str], timeout: float, environment: Mapping[str, str] | None = None) -> tuple[str, str, float]:
    """Return what a command printed on standard output and error and the seconds it took, or raise Failed.

    ``environment`` is added to what every command has.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        status, seconds = _timed(command, out, err, timeout, environment or {})
        out.seek(0)
        err.seek(0)
        printed, said = out.read(), err.read()
    if status is None:
        raise Failed(f"no answer within {timeout:g} s")
    if status != 0:
        last = said.strip().splitlines()[-1:] or ["nothing on standard error"]
        raise Failed(f"exit code {status}: {last[0][:200]}")
    return printed, said, seconds


def _timed(
    command: list[str], out: IO[str], err: IO[str], timeout: float, environment: Mapping[str, str]
) -> tuple[int | None, float]:
    """Return the exit code, None if time ran out, and the seconds taken.

    ``Popen.wait(timeout)`` polls every 50 ms, as much as a thousand tasks may take in all; waitid does not poll.
    It also leaves the process to be reaped, so its group is still its own when what is left in it is killed.
    """
    env = {**os.environ, "PYTHONPATH": str(BENCH), "VIRTUAL_ENV": sys.prefix, **environment}
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        cwd=BENCH,
        env=env,
        start_new_session=True,
    )
    try:
        with _deadline(process.pid, timeout) as expired:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            seconds = time.perf_counter() - begin
    except KeyboardInterrupt:
        with _deadline(process.pid, 0):  # what it started may be in groups of its own: let it end that
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        raise
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    return (None if expired.is_set() else status), seconds


@contextmanager
def _deadline(group: int, timeout: float) -> Iterator[threading.Event]:
    """End the process group when ``timeout`` seconds have passed; the event tells whether they have."""
    expired = threading.Event()

    def end() -> None:
        expired.set()
        os.killpg(group, signal.SIGTERM)

    timers = [
        threading.Timer(timeout, end),
        threading.Timer(timeout + GRACE, os.killpg, (group, signal.SIGKILL)),
    ]
    for timer in timers:
        timer.start()
    try:
        yield expired
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()


def _check(side: Side, point: Point, printed: str, said: str) -> None:
    """Raise Failed unless a run printed the outputs it must have and, for ours, says it did every task."""
    try:
        outputs = json.loads(printed)
    except ValueError as e:
        raise Failed(f"its output is no JSON: {e}") from None
    by_node = point.shape.expected(point.size)
    if side.peer:
        if outputs != by_node:
            raise Failed(f"wrong outputs: {differ(outputs, by_node)}")
        return
    merged = {name: value for node in by_node.values() for name, value in node.items()}
    if outputs not in (merged, by_node):
        raise Failed(f"wrong outputs: {differ(outputs, merged)}")
    done = re.search(r"^(\d+) tasks? done\b", said, re.MULTILINE)
    if done is None or int(done[1]) != point.size:
        raise Failed(f"{done[1] if done else 'no'} tasks said to be done")


def differ(outputs: Any, expected: dict[str, Any]) -> str:
    """Say how ``outputs`` differ from what is expected."""
    if not isinstance(outputs, dict) or len(outputs) != len(expected):
        size = len(outputs) if isinstance(outputs, (dict, list)) else outputs
        return f"{size} instead of {len(expected)}"
    name = next(n for n in expected if n not in outputs or outputs[n] != expected[n])
    return f"{name} is {outputs.get(name)!r}, not {expected[name]!r}"
