"""A refinement that goes on until it is good enough."""

from ewokscore import Task


class Refine(Task, input_names=["value", "guess"], optional_input_names=["steps"], output_names=["value", "guess", "steps", "good"]):
    """Improve the guess of a square root by one step."""

    def run(self):
        value, guess = self.inputs.value, self.inputs.guess
        better = (guess + value / guess) / 2
        self.outputs.value = value
        self.outputs.guess = better
        self.outputs.steps = self.get_input_value("steps", 0) + 1
        self.outputs.good = abs(better - guess) < 1e-9


def report(guess: float, steps: int) -> str:
    """Say what was found."""
    return f"{guess:.6f} after {steps} steps"
