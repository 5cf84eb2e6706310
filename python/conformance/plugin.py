"""The pytest plugin: which tests are run, against what, and what came out.

``python -m conformance`` starts pytest with it, once for each scheduler. For some tests only::

    python -m conformance cluster multithreading -k "ppf_end or sub_graph"
"""

import json
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from typing import Dict
from typing import List

import pytest

import ewokshpc

from . import entry
from . import instead
from .suite import Suite
from .suite import matches
from .swap import Swap


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--hpc-scheduler", default="sequential", help="one of suite.toml")
    group.addoption("--hpc-report", help="file for what came out")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Conformance(config), "conformance-run")


class Conformance:
    """One run of the suite with one scheduler."""

    def __init__(self, config: pytest.Config) -> None:
        self._suite = Suite()
        self._name: str = config.getoption("--hpc-scheduler")
        self._report = config.getoption("--hpc-report")
        self._complete = not config.getoption("keyword")
        self._outcomes: Dict[str, Dict[str, str]] = {}
        self._stack = ExitStack()

    @property
    def settings(self) -> Dict[str, Any]:
        """What ``suite.toml`` says of the scheduler."""
        return self._suite.schedulers[self._name]

    def pytest_sessionstart(self) -> None:
        self._stack.enter_context(entry.installed())
        scheduler, options = self.settings.get("scheduler"), self.settings.get("options", {})
        if scheduler is None:
            self.swap = Swap.loading()
            return
        if scheduler == "cluster":  # one for all tests: bringing it up takes seconds
            scheduler, options = self._stack.enter_context(ewokshpc.local_scheduler(**options)), {}
        self.swap = Swap(scheduler, options)

    def pytest_sessionfinish(self) -> None:
        self._stack.close()
        if self._report:
            Path(self._report).write_text(json.dumps(self._outcomes))

    def pytest_collection_modifyitems(self, config: pytest.Config, items: List[pytest.Function]) -> None:
        plugins = config.pluginmanager.list_name_plugin()
        conftests = [plugin for name, plugin in plugins if str(name).endswith("conftest.py")]
        for module in {*conftests, *(item.module for item in items)}:
            self.swap.into(module)
        self.swap.forbid()
        self._check_rules(items)
        selected = [item for item in items if self._selects(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in selected])
        items[:] = selected
        for item in items:
            self._apply(item)

    def _check_rules(self, items: List[pytest.Function]) -> None:
        tests = [test_id(item) for item in items]
        patterns = self._suite.patterns(self._name)
        unused = [pattern for pattern in patterns if not any(matches(test, pattern) for test in tests)]
        if unused and self._complete:
            raise pytest.UsageError(f"suite.toml: no test is meant by {unused}")

    def _selects(self, item: pytest.Function) -> bool:
        """Return whether a test is for the scheduler: those of ewoksdask have one of their own."""
        if hasattr(item, "callspec") and "scheduler" in item.callspec.params:
            if str(item.callspec.params["scheduler"]) not in self.settings["dask"]:
                return False
        return self._suite.selects(test_id(item), self._name)

    def _apply(self, item: pytest.Function) -> None:
        test = test_id(item)
        for rule in self._suite.rules(self._name):
            if not rule.covers(test):
                continue
            if rule in self._suite.skip:
                item.add_marker(pytest.mark.skip(reason=rule.reason))
            elif rule.instead:
                item.obj = partial(getattr(instead, rule.instead), item.obj)
            else:
                item.add_marker(pytest.mark.xfail(reason=rule.reason, raises=AssertionError))

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self) -> Any:
        """Let no test pass in which our engine took no part."""
        self.swap.used = False
        result = yield
        if not self.swap.used:
            pytest.fail("our engine takes no part in this test: leave it out in suite.toml")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Function, call: pytest.CallInfo) -> Any:
        report = yield
        outcome = {"outcome": report.outcome, "reason": "", "adapted": isinstance(item.obj, partial)}
        if hasattr(report, "wasxfail"):
            outcome.update(outcome="different" if report.skipped else "not different", reason=report.wasxfail)
        elif report.skipped:
            outcome["reason"] = report.longrepr[2].removeprefix("Skipped: ")
        if report.when == "call" or not report.passed:
            self._outcomes[test_id(item)] = outcome
        return report

    @pytest.fixture
    def engine(self) -> Any:
        """Our engine, for tests that come with no engine of their own."""
        return self.swap.engine()

    @pytest.fixture
    def repetitions(self) -> int:
        """How often an example is run that goes wrong now and then in the reference."""
        return self.settings["repetitions"]


def test_id(item: pytest.Function) -> str:
    """Return the id of a test, as in ``suite.toml``."""
    return f"{item.module.__name__}::{item.name}"
