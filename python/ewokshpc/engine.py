"""The engine ``hpc`` of ewoks: ``ewoks execute graph.json --engine hpc``."""

from typing import Any
from typing import Dict
from typing import List
from typing import Optional

from ewokscore.engine_interface import WorkflowEngine

from .execute import execute_graph


class HpcWorkflowEngine(WorkflowEngine):
    """Runs workflows with ewoks-hpc."""

    def execute_graph(
        self,
        graph: Any,
        *,
        inputs: Optional[List[Dict[str, Any]]] = None,
        load_options: Optional[Dict[str, Any]] = None,
        varinfo: Optional[Dict[str, Any]] = None,
        execinfo: Any = None,
        task_options: Optional[Dict[str, Any]] = None,
        outputs: Optional[List[Dict[str, Any]]] = None,
        merge_outputs: Optional[bool] = True,
        **execute_options: Any,
    ) -> Optional[Dict[str, Any]]:
        """Run a workflow, see :func:`ewokshpc.execute_graph`.

        :param execute_options: ``scheduler``, ``scheduler_options``, ``keep_going``, ``task_timeout``
        """
        return execute_graph(
            graph,
            inputs=inputs,
            load_options=load_options,
            varinfo=varinfo,
            execinfo=execinfo,
            task_options=task_options,
            outputs=outputs,
            merge_outputs=merge_outputs,
            **execute_options,
        )
