"""The class that is measured. It is apart from the functions, for those do not need ewokscore."""

from ewokscore import Task


class Noop(Task, optional_input_names=["value"], output_names=["result"]):
    """The `class` task of the independent graphs."""

    def run(self) -> None:
        self.outputs.result = 0
