"""Run a cluster on a private Slurm, and what it is compared with."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import Failed

BENCH = Path(__file__).resolve().parent
TIMEOUT = 180.0  # seconds of one command
POLL = 0.005  # seconds between two looks at a file

NOOP = {"graph": {"id": "noop"}, "nodes": [{"id": "n", "task_type": "method", "task_identifier": "noop.noop"}]}
HANGS = {"graph": {"id": "hangs"}, "nodes": [{"id": "n", "task_type": "method", "task_identifier": "hangs.once"}]}


@dataclass(frozen=True)
class Site:
    """A user of a private Slurm, whose files are in a folder."""

    binary: Path
    folder: Path
    slurm: dict[str, str]

    def env(self) -> dict[str, str]:
        """Return the environment of what is run."""
        return {
            **os.environ, **self.slurm, "PYTHONPATH": str(BENCH), "VIRTUAL_ENV": sys.prefix,
            "XDG_STATE_HOME": str(self.folder / "state"), "BENCH_FOLDER": str(self.folder),
        }  # fmt: skip

    def run(self, *command: str, timeout: float = TIMEOUT) -> str:
        """Run a command and return what it printed, or raise Failed."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            try:
                # Files, not pipes: what is detached keeps them open.
                code = subprocess.run(
                    command, env=self.env(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                    timeout=timeout,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                raise Failed(f"no answer within {timeout:g} s") from None
            out.seek(0)
            err.seek(0)
            if code != 0:
                raise Failed(f"{' '.join(command)[:60]}: exit code {code}: {err.read().strip()[-300:]}")
            return out.read()

    def ours(self, *words: str) -> str:
        """Run ewoks-hpc."""
        return self.run(str(self.binary), *words)

    def up(self, name: str, jobs: int) -> None:
        """Bring a cluster up."""
        self.ours("up", "--cluster", name, "--cores", "1", "--jobs", str(jobs), "--python", sys.executable, "--detach")

    def graph(self, document: dict[str, Any]) -> str:
        """Write a graph and return its path."""
        path = self.folder / f"{document['graph']['id']}.json"
        path.write_text(json.dumps(document))
        return str(path)

    def first_task(self, name: str) -> float:
        """Return the seconds from nothing until a run of one task on Slurm has ended."""
        graph = self.graph(NOOP)
        begun = time.perf_counter()
        try:
            self.up(name, 1)
            self.ours("run", graph, "--cluster", name)
            return time.perf_counter() - begun
        finally:
            self.ours("down", "--cluster", name)

    def sbatch_true(self) -> float:
        """Return the seconds from sbatch of a script that runs `true` to its end."""
        done = self.folder / "done"
        done.unlink(missing_ok=True)
        script = self.folder / "true.sh"
        script.write_text(f"#!/bin/sh\ntrue\n: > {done}\n")
        begun = time.perf_counter()
        self.run("sbatch", "--output=/dev/null", str(script))
        _wait(done.exists, "the job of sbatch")
        return time.perf_counter() - begun

    def dask_first_task(self) -> float:
        """Return the seconds of a command that gets one task done with dask-jobqueue."""
        begun = time.perf_counter()
        self.run(sys.executable, str(BENCH / "jobqueue.py"))
        return time.perf_counter() - begun

    def rpcs(self, name: str, workers: int, runs: int, least: float) -> tuple[int, int, float]:
        """Return how many jobs were submitted, how often the queue was asked for, and in how many seconds.

        Those are at least ``least``: what is asked for from time to time is to be seen, too.
        """
        graph = self.graph(NOOP)
        self.run("sdiag", "--reset")
        begun = time.perf_counter()
        try:
            self.up(name, workers)
            _wait(lambda: len(self.workers(name)) == workers, f"{workers} workers", 0.5)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: self.ours("run", graph, "--cluster", name), range(runs)))
            time.sleep(max(0.0, least - (time.perf_counter() - begun)))
            seconds = time.perf_counter() - begun
            said = self.run("sdiag")
            return _count(said, "REQUEST_SUBMIT_BATCH_JOB"), _count(said, "REQUEST_JOB_INFO"), seconds
        finally:
            self.ours("down", "--cluster", name)

    def workers(self, name: str) -> list[dict[str, Any]]:
        """Return the workers of a cluster."""
        answer = json.loads(self.ours("status", "--cluster", name, "-o", "json"))
        return answer["workers"] or []

    def restart(self, name: str, end: signal.Signals) -> float:
        """Return the seconds from a signal to a worker until its task begins on another one."""
        graph, begins = self.graph(HANGS), self.folder / "begins"
        begins.unlink(missing_ok=True)
        hurt = 0
        try:
            self.up(name, 2)
            _wait(lambda: len(self.workers(name)) == 2, "2 workers", 0.2)
            with ThreadPoolExecutor(1) as pool:
                run = pool.submit(self.ours, "run", graph, "--cluster", name)
                _wait(lambda: begins.exists() and begins.read_text().endswith("\n"), "the task")
                holding = [w for w in self.workers(name) if w.get("holding")]
                hurt = int(holding[0]["pid"])
                begun = time.time()
                os.kill(hurt, end)
                _wait(lambda: begins.read_text().count("\n") == 2, "the restart of the task")
                again = float(begins.read_text().splitlines()[1])
                run.result(TIMEOUT)
            return again - begun
        finally:
            if hurt and end == signal.SIGSTOP:
                os.kill(hurt, signal.SIGCONT)
            self.ours("down", "--cluster", name)


def _wait(ready: Any, what: str, poll: float = POLL) -> None:
    end = time.monotonic() + TIMEOUT
    while not ready():
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {TIMEOUT:g} s")
        time.sleep(poll)


def _count(said: str, request: str) -> int:
    """Sum the counts that sdiag gives by message type."""
    return sum(int(n) for n in re.findall(rf"^\s*{request}\w*\s+\(\s*\d+\)\s+count:(\d+)", said, re.MULTILINE))


def go_figures(folder: Path, timeout: float, **options: int) -> dict[str, float]:
    """Build and run bench/dispatch, and return its figures."""
    program = folder / "dispatch"
    if not program.exists():
        subprocess.run(["go", "build", "-o", str(program), "./bench/dispatch"], cwd=BENCH.parent, check=True)
    words = [word for name, value in options.items() for word in (f"-{name}", str(value))]
    done = subprocess.run([str(program), *words], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise Failed(f"dispatch {' '.join(words)}: {done.stderr.strip()[-300:]}")
    answer: dict[str, float] = json.loads(done.stdout)
    return answer
