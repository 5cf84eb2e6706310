"""From a scan to the position of its peak."""

import json
from pathlib import Path

import numpy as np
from ewokscore import Task


class Load(Task, input_names=["path"], output_names=["name", "angles", "counts"]):
    """Read a scan from a text file."""

    def run(self):
        self.outputs.name = Path(self.inputs.path).stem
        self.outputs.angles, self.outputs.counts = np.loadtxt(self.inputs.path).T


class Subtract(Task, input_names=["counts"], output_names=["counts"]):
    """Take the background away: the median, as most angles see no peak."""

    def run(self):
        self.outputs.counts = self.inputs.counts - np.median(self.inputs.counts)


class Locate(Task, input_names=["angles", "counts"], output_names=["position"]):
    """Find the center of mass of the peak."""

    def run(self):
        total = self.inputs.counts.sum()
        if total < 1000:
            raise ValueError(f"no peak: {total:.0f} counts above the background")
        self.outputs.position = float((self.inputs.angles * self.inputs.counts).sum() / total)


def save(name, position, folder="processed"):
    """Write the result into a JSON file of the folder."""
    target = Path(folder) / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    result = {"scan": name, "position": round(position, 3)}
    target.write_text(json.dumps(result) + "\n")
    return result
