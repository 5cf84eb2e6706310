"""What ewokscore itself does with workflows, and what is persisted then."""

import json
import os
import sys

sys.path.insert(0, "")


def execute(asked):
    """Return [outputs, error] of each [graph, arguments]."""
    import ewokscore

    done = []
    for graph, arguments in asked:
        try:
            outputs = ewokscore.execute_graph(graph, outputs=[{"all": True}], merge_outputs=False, **arguments)
            done.append([outputs, None])
        except BaseException as error:
            done.append([None, [type(error).__name__, str(error)]])
    return done


def tree(root):
    """Return what is persisted below a directory as {name: content}, without the directory's name."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".json"):
                with open(path) as file:
                    found[os.path.relpath(path, root)] = json.loads(file.read().replace(root, "ROOT"))
            else:
                found.update(_hdf5(path, root))
    return found


def _hdf5(path, root):
    import h5py

    found = {}

    def visit(name, item):
        value = repr(item[()]).replace(root, "ROOT") if isinstance(item, h5py.Dataset) else "group"
        attributes = {k: repr(v) for k, v in item.attrs.items()}
        found[os.path.relpath(path, root) + "::" + name] = [value, attributes]

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    answer = {"executed": execute(asked["execute"]), "trees": [tree(root) for root in asked["trees"]]}
    with open(asked["answer"], "w") as file:
        json.dump(answer, file, default=repr)
