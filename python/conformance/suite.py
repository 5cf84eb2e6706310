"""What is run, and why not the rest: ``suite.toml`` as objects."""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Dict
from typing import List
from typing import Optional
from typing import Sequence


def matches(test: str, pattern: str) -> bool:
    """Return whether a test has an id as in the pattern: ``*`` stands for any text, brackets for
    themselves."""
    return fnmatchcase(test, pattern.replace("[", "[[]"))


@dataclass(frozen=True)
class Rule:
    """What happens to some tests, and the reason.

    ``tests`` are patterns of test ids, ``schedulers`` those for which the rule holds; without them it
    holds wherever workflows are run. ``instead`` names the function of ``instead.py`` that is run in
    the place of the test.
    """

    tests: Sequence[str]
    reason: str
    schedulers: Optional[Sequence[str]] = None
    instead: Optional[str] = None

    def covers(self, test: str) -> bool:
        """Return whether the rule is for the test."""
        return any(matches(test, pattern) for pattern in self.tests)


class Suite:
    """The content of ``suite.toml``."""

    def __init__(self, path: Path = Path(__file__).with_name("suite.toml")) -> None:
        table = tomllib.loads(path.read_text())
        self.schedulers: Dict[str, dict] = table["schedulers"]
        self._modules: List[str] = table["modules"]
        self.left_out = [Rule(**rule) for rule in table["left_out"]]
        self.skip = [Rule(**rule) for rule in table["skip"]]
        self.instead = [Rule(**rule) for rule in table["instead"]]
        self.difference = [Rule(**rule) for rule in table.get("difference", [])]

    def modules(self, scheduler: str) -> List[str]:
        """Return patterns of the modules whose tests are run with a scheduler."""
        return self.schedulers[scheduler].get("modules", self._modules)

    def left_out_modules(self) -> List[str]:
        """Return patterns of the modules of which no test is run."""
        return [pattern for rule in self.left_out for pattern in rule.tests if "::" not in pattern]

    def selects(self, test: str, scheduler: str) -> bool:
        """Return whether a test is run with a scheduler, or skipped with a reason."""
        only = self.schedulers[scheduler].get("only")
        if only is not None and not any(matches(test, pattern) for pattern in only):
            return False
        return not any(rule.covers(test) for rule in self._holding(self.left_out, scheduler))

    def rules(self, scheduler: str) -> List[Rule]:
        """Return the rules for tests that are selected with a scheduler."""
        return self._holding(self.skip + self.instead + self.difference, scheduler)

    def patterns(self, scheduler: str) -> List[str]:
        """Return all patterns of tests of a scheduler."""
        rules = self.rules(scheduler) + self._holding(self.left_out, scheduler)
        patterns = [pattern for rule in rules for pattern in rule.tests if "::" in pattern]
        return patterns + self.schedulers[scheduler].get("only", [])

    def _holding(self, rules: List[Rule], scheduler: str) -> List[Rule]:
        default = [name for name, settings in self.schedulers.items() if "scheduler" in settings]
        return [rule for rule in rules if scheduler in (rule.schedulers or default)]
