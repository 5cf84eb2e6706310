"""Task classes."""

import json
import os

from ewokscore import Task
from ewokscore.events.handlers import EwoksEventHandler
from ewokscore.missing_data import is_missing_data
from ewokscore.model import BaseInputModel
from ewokscore.model import BaseOutputModel
from ewokscore.taskwithprogress import TaskWithProgress
from pydantic import Field


def note(what):
    """Leave a trace of what really ran: CALLS names a file."""
    if os.environ.get("CALLS"):
        with open(os.environ["CALLS"], "a") as file:
            file.write(what + "\n")


class Sum(Task, input_names=["a"], optional_input_names=["b"], output_names=["sum", "more"]):
    def run(self):
        note("Sum")
        self.outputs.sum = self.inputs.a + self.get_input_value("b", 1)
        self.outputs.more = {"list": [self.inputs.a, None, "text"]}


class Half(Task, input_names=["a"], output_names=["even", "odd"]):
    def run(self):
        if self.inputs.a % 2:
            self.outputs.odd = self.inputs.a
        else:
            self.outputs.even = self.inputs.a


class Optional(Task, optional_input_names=["a", "b"], output_names=["given"]):
    def run(self):
        self.outputs.given = [n for n in ("a", "b") if not self.missing_inputs[n]]


class Positional(Task, n_required_positional_inputs=2, output_names=["args"]):
    def run(self):
        values = self.get_positional_input_values()
        self.outputs.args = ["missing" if is_missing_data(v) else v for v in values]


class Extra(Task, input_names=["a"], output_names=["named"]):
    def run(self):
        self.outputs.named = self.get_named_input_values()


class Ident(Task, output_names=["ident"]):
    def run(self):
        self.outputs.ident = [self.label, self.node_id, self.task_identifier]


class Job(Task, output_names=["job", "workflow"]):
    def run(self):
        self.outputs.job = self.job_id
        self.outputs.workflow = self.workflow_id


class Fail(Task, input_names=["text"], output_names=["never"]):
    def run(self):
        raise OSError(self.inputs.text)


class Empty(Task):
    def run(self):
        assert False


class Undeclared(Task, output_names=["a"]):
    def run(self):
        self.outputs.b = 1


class Progress(TaskWithProgress, output_names=["progress"]):
    def run(self):
        self.progress = 50
        self.outputs.progress = self.progress


class Inputs(BaseInputModel):
    number: int
    text: str = Field("default", description="some text")


class Outputs(BaseOutputModel):
    number: int
    text: str


class Model(Task, input_model=Inputs, output_model=Outputs):
    def run(self):
        self.outputs.number = self.inputs.number + 1
        self.outputs.text = self.inputs.text


class Loose(Task, input_names=["number"], output_model=Outputs):
    def run(self):
        self.outputs.number = self.inputs.number
        self.outputs.text = "text"


_made = {}


def generate(name):
    """Make the class that adds the number at the end of its name."""
    if name not in _made:
        number = int(name.rpartition("_")[2])

        class Add(Task, input_names=["a"], output_names=["sum"], registry_name="made." + name):
            def run(self):
                self.outputs.sum = self.inputs.a + number

        _made[name] = Add
    return _made[name]


def count(a, b=1):
    note("count")
    return a + b


def ppfcount(a=0, **named):
    note("ppfcount")
    return {"a": a + 1}


class Lines(EwoksEventHandler):
    """Append events to a file, a JSON text each."""

    def __init__(self, path, delay=0):
        super().__init__()
        self._path, self._delay = path, delay

    def emit(self, record):
        import time

        time.sleep(self._delay)
        event = {name: getattr(record, name, None) for name in self.FIELD_TYPES}
        with open(self._path, "a") as file:
            file.write(json.dumps(event) + "\n")
