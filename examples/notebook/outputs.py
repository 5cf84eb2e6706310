"""Print what the cells of a notebook have printed."""

import sys

import nbformat

for cell in nbformat.read(sys.argv[1], as_version=4).cells:
    for output in cell.get("outputs", []):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        if text and not text.startswith("Address:"):  # of the cluster
            print(text.rstrip())
