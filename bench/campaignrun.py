"""Run campaigns on a local cluster, and what they are compared with."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import campaigncases
import commands
from campaigncases import Kind
from commands import BENCH, WORKERS, Failed

CLUSTER = "bench"
WARM = 50  # rows
POLL = 0.01  # seconds between two looks at a process
SAMPLE = 0.1  # seconds between two samples of memory
END = 30.0  # seconds that a launcher may take to end
MIB = 2**20


@dataclass(frozen=True)
class Submission:
    """What it took to hand a campaign over."""

    seconds: float
    client: int  # bytes, the most it had


@dataclass(frozen=True)
class Site:
    """Where campaigns are measured: a program, and a folder for its state and the tables."""

    binary: Path
    folder: Path
    timeout: float

    def env(self) -> dict[str, str]:
        """Return what is added to the environment of commands."""
        return {"XDG_STATE_HOME": str(self.folder / "state"), "PYTHONPATH": str(BENCH), "VIRTUAL_ENV": sys.prefix}

    def command(self, *words: str) -> list[str]:
        """Return a command of ewoks-hpc about the cluster."""
        return [str(self.binary), *words, "--cluster", CLUSTER]

    def ours(self, *words: str) -> tuple[str, float]:
        """Run a command about the cluster; return what it printed, and its seconds."""
        printed, _, seconds = commands.output(self.command(*words), self.timeout, self.env())
        return printed, seconds

    def workflow(self, document: campaigncases.Document) -> str:
        """Write a workflow and return its path."""
        path = self.folder / f"{document['graph']['id']}.json"
        path.write_text(json.dumps(document))
        return str(path)

    def table(self, rows: int) -> str:
        """Return the path of a table with so many rows."""
        path = self.folder / f"rows{rows}.csv"
        return str(path if path.exists() else campaigncases.write_table(path, rows))

    def definition(self, name: str, kind: Kind, rows: int) -> list[str]:
        """Return the words that tell what a campaign is."""
        workflow, table = self.workflow(kind.document()), self.table(rows)
        return [workflow, "--table", table, "--name", name, "--map", "n0:value=value"]

    def carry_out(self, name: str, kind: Kind, rows: int) -> float:
        """Return the seconds of a whole ``campaign run``, whose rows are all right."""
        _, seconds = self.ours("campaign", "run", *self.definition(name, kind, rows), "--quiet")
        self.check(name, kind, rows)
        return seconds

    def submit(self, name: str, kind: Kind, rows: int) -> Submission:
        """Submit a campaign and see what that takes."""
        definition = self.definition(name, kind, rows)  # the table takes its time
        begun = time.perf_counter()
        process = subprocess.Popen(
            self.command("campaign", "submit", *definition, "--quiet"), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, cwd=BENCH, env={**os.environ, **self.env()},
        )  # fmt: skip
        most, limit = 0, begun + self.timeout
        while process.poll() is None:
            most = max(most, memory(process.pid)[1])
            if time.perf_counter() > limit:
                process.kill()
                process.wait()
                raise Failed(f"submission of {rows} rows: no answer within {self.timeout:g} s")
            time.sleep(POLL)
        if process.returncode != 0:
            raise Failed(f"submission of {rows} rows: exit code {process.returncode}")
        return Submission(time.perf_counter() - begun, most)

    def status(self, name: str) -> tuple[dict[str, Any], float]:
        """Return how a campaign goes, and the seconds it took to tell."""
        printed, seconds = self.ours("campaign", "status", name, "-o", "json")
        status: dict[str, Any] = json.loads(printed)
        return status, seconds

    def wait(self, name: str, ready: Callable[[dict[str, Any]], bool], what: str, poll: float = 0.1) -> dict[str, Any]:
        """Wait until a campaign goes as is wanted, and return how that is."""
        end = time.monotonic() + self.timeout
        while not ready(status := self.status(name)[0]):
            if time.monotonic() > end:
                raise Failed(f"{what}: not within {self.timeout:g} s")
            time.sleep(poll)
        return status

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return what the ledger has of each row."""
        printed, _ = self.ours("campaign", "export", name, "--format", "jsonl")
        return [json.loads(line) for line in printed.splitlines()]

    def check(self, name: str, kind: Kind, rows: int) -> None:
        """Raise Failed unless all rows are done and have the outputs they must have."""
        found = self.rows(name)
        if len(found) != rows:
            raise Failed(f"{len(found)} rows in the ledger, not {rows}")
        for i, row in enumerate(found):
            if row["row"] != i or row["state"] != "done" or row["outputs"] != kind.expected(i):
                raise Failed(f"row {i} is {json.dumps(row)[:200]}")

    @contextmanager
    def cluster(self) -> Iterator["Launcher"]:
        """Have a local cluster whose workers are up."""
        launcher = Launcher(self)
        launcher.start()
        try:
            yield launcher
        finally:
            launcher.end()


class Launcher:
    """The process of a cluster, which is a child of this one."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Bring the cluster up; return the seconds until it is, with all workers."""
        site = self.site
        words = ["up", "--local", "--n-workers", str(WORKERS), "--threads-per-worker", "1", "--python", sys.executable]
        begun = time.perf_counter()
        with (site.folder / "launcher.log").open("a") as log:
            self.process = subprocess.Popen(
                site.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=BENCH,
                env={**os.environ, **site.env()}, text=True, start_new_session=True,
            )  # fmt: skip
        try:
            assert self.process.stdout is not None
            if not self.process.stdout.readline():
                raise Failed(f"the launcher did not start: {(site.folder / 'launcher.log').read_text()[-300:]}")
            self.wait_for_workers()
        except BaseException:
            self.end()
            raise
        return time.perf_counter() - begun

    def wait_for_workers(self) -> None:
        """Wait until all workers have said hello."""
        limit = time.monotonic() + END
        while len(json.loads(self.site.ours("status", "-o", "json")[0])["workers"] or ()) < WORKERS:
            if time.monotonic() > limit:
                raise Failed(f"fewer than {WORKERS} workers after {END:g} s")
            time.sleep(POLL)

    def warm(self, kind: Kind) -> None:
        """Have some rows carried out, so that the interpreters have imported what they need."""
        self.site.carry_out(f"warm-{kind.name}", kind, WARM)

    def memory(self) -> tuple[int, int]:
        """Return the bytes that the launcher has in memory, and the most it had."""
        assert self.process is not None
        return memory(self.process.pid)

    @contextmanager
    def sampled(self) -> Iterator[list[int]]:
        """Note again and again how many bytes the launcher has in memory."""
        samples = [self.memory()[0]]
        over = threading.Event()

        def sample() -> None:
            while not over.wait(SAMPLE):
                samples.append(self.memory()[0])

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield samples
        finally:
            over.set()
            thread.join()

    def kill(self) -> None:
        """End the launcher as a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End the cluster."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(END)
        except subprocess.TimeoutExpired:
            self.kill()


def memory(pid: int) -> tuple[int, int]:
    """Return the bytes that a process has in memory now and had at most; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    said = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
    return int(said.get("VmRSS", 0)) * 1024, int(said.get("VmHWM", 0)) * 1024


def peer(way: str, kind: Kind, rows: int, timeout: float) -> float:
    """Return the seconds that a peer takes for so many rows."""
    words = [sys.executable, str(BENCH / "campaignpeer.py"), way, kind.name, str(rows)]
    printed, _, _ = commands.output(words, timeout)
    seconds: float = json.loads(printed)["seconds"]
    return seconds


def xargs(rows: int, timeout: float) -> float:
    """Return the seconds that xargs takes to start a process for each of so many rows, two at a time."""
    script = f"seq {rows} | xargs -P{WORKERS} -n1 {campaigncases.PROGRAM}"
    return commands.output(["sh", "-c", script], timeout)[2]
