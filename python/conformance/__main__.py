"""Runs the suite with each scheduler, two at a time, and prints a table."""

import argparse
import fnmatch
import importlib.util
import json
import pkgutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict
from typing import List
from typing import Optional

from . import table
from .suite import Suite

PACKAGES = ("ewokscore", "ewoksppf", "ewoksdask", "ewoks")
HERE = Path(__file__).parent

#: Seconds after which a scheduler is taken to hang.
LIMIT = 600


def main() -> int:
    """Run what the command line asks for and return the exit status."""
    suite = Suite()
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("schedulers", nargs="*", metavar="SCHEDULER", help=", ".join(suite.schedulers))
    parser.add_argument("-k", dest="keyword", metavar="EXPRESSION", help="tests to run, as of pytest")
    parser.add_argument("-j", dest="jobs", type=int, default=2, help="schedulers at a time (2)")
    args = parser.parse_args()
    unknown = set(args.schedulers) - set(suite.schedulers)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(suite.schedulers)}")
    modules = _modules()
    _check_complete(suite, modules)
    names = args.schedulers or list(suite.schedulers)
    began = time.monotonic()
    outcomes = _run_all(suite, args.schedulers or list(suite.schedulers), modules, args.keyword, args.jobs)
    print(table.text(outcomes, time.monotonic() - began))
    return 0 if outcomes and all(map(table.good, outcomes.values())) else 1


def _run_all(
    suite: Suite, schedulers: List[str], modules: List[str], keyword: Optional[str], jobs: int
) -> Dict[str, table.Outcomes]:
    # What waits most begins first, so that the end is not spent on waiting.
    order = sorted(schedulers, key=lambda name: name != "cluster")
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(jobs) as threads:
        runs = {name: threads.submit(_run, suite, name, modules, Path(directory, name), keyword) for name in order}
        try:
            outcomes = {name: runs[name].result() for name in schedulers}
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return {name: tests for name, tests in outcomes.items() if tests or not keyword}


def _modules() -> List[str]:
    """Return the names of the test modules of the reference packages."""
    found = []
    for package in PACKAGES:
        tests = importlib.import_module(f"{package}.tests")
        found += [info.name for info in pkgutil.walk_packages(tests.__path__, tests.__name__ + ".")]
    return [name for name in found if name.rpartition(".")[2].startswith("test_") and not _is_package(name)]


def _is_package(name: str) -> bool:
    return importlib.util.find_spec(name).submodule_search_locations is not None


def _check_complete(suite: Suite, modules: List[str]) -> None:
    """Refuse to run when ``suite.toml`` does not fit the reference packages that are installed."""
    named = [pattern for name in suite.schedulers for pattern in suite.modules(name)]
    named += suite.left_out_modules()
    forgotten = [name for name in modules if not any(fnmatch.fnmatchcase(name, pattern) for pattern in named)]
    absent = [pattern for pattern in named if not fnmatch.filter(modules, pattern)]
    if forgotten or absent:
        sys.exit(f"suite.toml does not mention {forgotten or 'nothing'}, and mentions {absent or 'nothing'} in vain")


def _run(
    suite: Suite, scheduler: str, modules: List[str], report: Path, keyword: Optional[str]
) -> table.Outcomes:
    """Run the suite with a scheduler; return what came out by test, nothing if pytest did not get
    to its end."""
    chosen = [name for name in modules if any(fnmatch.fnmatchcase(name, p) for p in suite.modules(scheduler))]
    command = [sys.executable, "-m", "pytest", "-c", str(HERE / "pytest.ini"), "-q", "--tb=short"]
    command += ["--hpc-scheduler", scheduler, "--hpc-report", str(report)]
    command += ["-k", keyword] if keyword else []
    command += ["--pyargs", *chosen]
    command += [] if "modules" in suite.schedulers[scheduler] else ["conformance.test_triangle"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()  # what it has started ends with it
        output, _ = process.communicate()
    if process.returncode:
        print(f"===== {scheduler} =====", output, sep="\n", flush=True)
    return json.loads(report.read_text()) if process.returncode in (0, 1) else {}


if __name__ == "__main__":
    sys.exit(main())
