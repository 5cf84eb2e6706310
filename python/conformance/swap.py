"""Our engine under the names of the reference engines."""

import json
from contextlib import suppress
from types import ModuleType
from types import SimpleNamespace
from typing import Any
from typing import Dict
from typing import List

import ewoks
import ewoks.__main__
import ewokscore.bindings
import ewokscore.engine
import ewokscore.graph
import ewoksdask.bindings
import ewoksdask.engine
import ewoksppf.bindings
import ewoksppf.engine
import pytest

import ewokshpc
from ewokshpc.engine import HpcWorkflowEngine

from .loading import load_graph

#: Options of other engines that change how fast a workflow is run or where the engine logs, but
#: not what comes out.
WITHOUT_MEANING = ("pool_type", "timeout")


class Swap:
    """Runs workflows with one scheduler, whatever engine a test names."""

    def __init__(self, scheduler: Any, options: Dict[str, Any]) -> None:
        """
        :param scheduler: as in :func:`ewokshpc.execute_graph`
        :param options: its ``scheduler_options``
        """
        #: Whether our engine took part since this was set to False.
        self.used = False
        self._where = {"scheduler": scheduler, "scheduler_options": options or None}
        self._ours = {
            ewokscore.bindings.execute_graph: self.execute_graph,
            ewoksdask.bindings.execute_graph: self.execute_graph,
            ewoksppf.bindings.execute_graph: self.execute_graph,
            ewokscore.engine.CoreWorkflowEngine: self.engine,
            ewoksdask.engine.DaskWorkflowEngine: self.engine,
            ewoksppf.engine.PpfWorkflowEngine: self.engine,
            ewoks.execute_graph: self.ewoks_execute_graph,
            ewoks.__main__.main: self.ewoks_main,
        }

    @classmethod
    def loading(cls) -> "Swap":
        """Return a swap that replaces ewokscore's loader, and nothing else."""
        swap = cls(None, {})
        swap._ours = {
            ewokscore.bindings.load_graph: swap.load_graph,
            ewokscore.graph.load_graph: swap.load_graph,
        }
        return swap

    def into(self, module: ModuleType) -> None:
        """Replace the names of reference engines that a test module or conftest has imported."""
        for name, value in list(vars(module).items()):
            with suppress(TypeError):  # not hashable, so none of them
                if value in self._ours:
                    setattr(module, name, self._ours[value])

    def forbid(self) -> None:
        """Let no reference engine run anything from now on, in case a test names it otherwise."""
        for module in (ewokscore.bindings, ewoksdask.bindings, ewoksdask.engine, ewoksppf.bindings, ewoksppf.engine):
            if getattr(module, "execute_graph", None) in self._ours:
                module.execute_graph = _refuse

    def engine(self) -> HpcWorkflowEngine:
        """Return our engine; what is swapped is the scheduler only."""
        engine = HpcWorkflowEngine()
        given = engine.execute_graph
        engine.execute_graph = lambda graph, **options: self._run(given, graph, options)  # type: ignore[method-assign]
        return engine

    def execute_graph(self, graph: Any, **options: Any) -> Any:
        """Run a workflow as ``execute_graph`` of the reference engines."""
        return self._run(ewokshpc.execute_graph, graph, options)

    def load_graph(self, *args: Any, **options: Any) -> Any:
        """Load a workflow as ``load_graph`` of ewokscore."""
        self.used = True
        return load_graph(*args, **options)

    def ewoks_execute_graph(self, graph: Any, **options: Any) -> Any:
        """Run a workflow through ``ewoks.execute_graph``, which finds our engine by its name."""
        self.used = True
        return ewoks.execute_graph(graph, engine="hpc", **self._addressed(), **options)

    def ewoks_main(self, argv: List[str], shell: bool = True) -> Any:
        """Run the command line of ewoks with our engine instead of the one that it names."""
        self.used = True
        argv = list(argv)
        if "--engine" in argv:
            at = argv.index("--engine")
            del argv[at : at + 2]
        argv += ["--engine", "hpc"]
        for name, value in self._addressed().items():
            argv += ["-o", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
        return ewoks.__main__.main(argv=argv, shell=shell)

    def _addressed(self) -> Dict[str, Any]:
        """Return where to run, in words."""
        where = dict(self._where)
        where["scheduler"] = getattr(where["scheduler"], "scheduler_address", where["scheduler"])
        return {name: value for name, value in where.items() if value is not None}

    def _run(self, execute: Any, graph: Any, options: Dict[str, Any]) -> Any:
        self.used = True
        for name in WITHOUT_MEANING:
            options.pop(name, None)
        options.update(self._where)
        if options.pop("output_tasks", False):
            options.update(outputs=[{"all": True}], merge_outputs=False)
            return {node: Task(outputs) for node, outputs in execute(graph, **options).items()}
        if not options.pop("raise_on_error", True):
            return _like_ppf(execute, graph, options)
        return execute(graph, **options)


def _refuse(*_: Any, **__: Any) -> None:
    pytest.fail("a reference engine was asked to run a workflow")


def _like_ppf(execute: Any, graph: Any, options: Dict[str, Any]) -> Any:
    """Run a workflow so that the error that ended it is an output, as in ppf."""
    try:
        return execute(graph, keep_going=True, **options)
    except RuntimeError as error:
        return {"WorkflowExceptionInstance": error}


class Task:
    """What a node returned, where core gives its task object."""

    done = True

    def __init__(self, outputs: Dict[str, Any]) -> None:
        self._outputs = outputs
        self.outputs = SimpleNamespace(**outputs)

    def get_output_values(self) -> Dict[str, Any]:
        """Return the outputs by name."""
        return self._outputs
