"""What came out, as a table."""

from collections import Counter
from collections import defaultdict
from typing import Dict
from typing import List
from typing import Tuple

#: What came out of the tests of one scheduler, by test.
Outcomes = Dict[str, dict]

PASSED, FAILED, SKIPPED, DIFFERENT = "passed", "failed", "skipped", "different"
#: A test that is listed as a difference, and passes.
NOT_DIFFERENT = "not different"
#: What passed although it is not the test as it stands, but what ``instead`` has of it.
ADAPTED = "adapted"
KINDS = (PASSED, FAILED, SKIPPED, DIFFERENT)


def good(outcomes: Outcomes) -> bool:
    """Return whether tests were run and all of them came out as expected."""
    return bool(outcomes) and all(test["outcome"] in (PASSED, SKIPPED, DIFFERENT) for test in outcomes.values())


def text(outcomes: Dict[str, Outcomes], seconds: float) -> str:
    """Return the table, and the tests that did not pass by reason."""
    rows = _rows(outcomes)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    for kind in (SKIPPED, DIFFERENT, NOT_DIFFERENT):
        for reason, tests in sorted(_reasons(outcomes, kind).items()):
            lines += ["", f"{kind}: {reason}", *(f"    {test}" for test in tests)]
    lines.append("")
    for name, tests in outcomes.items():
        lines += [f"FAILED with {name}: {test}" for test, it in tests.items() if it["outcome"] == FAILED]
        lines += [] if tests else [f"NOTHING RAN with {name}"]
    return "\n".join([*lines, "", f"{seconds:.0f} s"])


def _rows(outcomes: Dict[str, Outcomes]) -> List[Tuple[str, ...]]:
    """Return the cells of the table, its head first and the sums last."""
    counts: Dict[Tuple[str, str], Counter] = defaultdict(Counter)
    for name, tests in outcomes.items():
        for test, it in tests.items():
            kind = it["outcome"] if it["outcome"] in KINDS else FAILED
            figures = [kind, ADAPTED] if kind == PASSED and it["adapted"] else [kind]
            counts[name, _package(test)].update(figures)
            counts["all", ""].update(figures)
    counts["all", ""] = counts.pop(("all", ""), Counter())
    figures = [*KINDS, ADAPTED]
    rows = [(*key, *(str(count[kind]) for kind in figures)) for key, count in counts.items()]
    return [("scheduler", "tests of", *figures), *rows]


def _package(test: str) -> str:
    return "ours" if test.startswith("conformance.") else test.partition(".")[0]


def _reasons(outcomes: Dict[str, Outcomes], kind: str) -> Dict[str, List[str]]:
    """Return the tests with an outcome by reason, without their parameters."""
    found: Dict[str, Counter] = defaultdict(Counter)
    for name, tests in outcomes.items():
        for test, it in tests.items():
            if it["outcome"] == kind:
                found[it["reason"]][test.partition("[")[0], name] += 1
    return {reason: _lines(count) for reason, count in found.items()}


def _lines(count: Counter) -> List[str]:
    schedulers: Dict[str, List[str]] = defaultdict(list)
    for (test, name), number in count.items():
        schedulers[test].append(name if number == 1 else f"{name} {number}")
    return [f"{test} ({', '.join(names)})" for test, names in sorted(schedulers.items())]
