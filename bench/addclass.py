"""The class of the workflow that campaigns apply. It is apart from the functions, for those do not need ewokscore."""

from ewokscore import Task


class Add(Task, input_names=["value"], output_names=["result"]):
    """Add 1: a row that got no value, or lost one between its nodes, shows."""

    def run(self) -> None:
        self.outputs.result = self.inputs.value + 1
