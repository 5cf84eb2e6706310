"""Workflows of the tests."""


def method(node, name, module="sample", **inputs):
    """Return a node that calls a function of the module ``sample``, with named arguments."""
    return {
        "id": node,
        "task_type": "method",
        "task_identifier": f"{module}.{name}",
        "default_inputs": [{"name": key, "value": value} for key, value in inputs.items()],
    }


def task(node, name, **inputs):
    """Return a node that executes a task class of the module ``sample``."""
    return {**method(node, name, **inputs), "task_type": "class"}


def link(source, target, output="return_value", to="a", **more):
    """Return a link for one value."""
    return {
        "source": source,
        "target": target,
        "data_mapping": [{"source_output": output, "target_input": to}],
        **more,
    }


def graph(*nodes, links=()):
    """Return a workflow."""
    return {"graph": {"id": "test"}, "nodes": list(nodes), "links": list(links)}


def single(name, **inputs):
    """Return a workflow of one function call."""
    return graph(method("only", name, **inputs))


def chain():
    """Return a workflow that computes ``{"result": 7}``."""
    return graph(
        method("first", "add", a=1, b=2),
        task("second", "Sum", b=4),
        links=[link("first", "second")],
    )


def choice():
    """Return a workflow that takes the branch "big" if the input ``value`` is 2."""
    return graph(
        method("test", "echo"),
        method("big", "echo", value="big"),
        method("small", "echo", value="small"),
        links=[
            {"source": "test", "target": "big", "conditions": [{"source_output": "return_value", "value": 2}]},
            {"source": "test", "target": "small", "conditions": [{"source_output": "return_value", "value": None}]},
        ],
    )


def handled():
    """Return a workflow whose error is handled."""
    return graph(
        method("broken", "fail", text="as planned"),
        method("handler", "message_of"),
        links=[{"source": "broken", "target": "handler", "on_error": True, "map_all_data": True}],
    )


def loop():
    """Return a workflow that counts down from the input ``n``."""
    return graph(
        task("count", "CountDown"),
        method("end", "echo"),
        links=[
            link("count", "count", "n", "n", conditions=[{"source_output": "again", "value": True}]),
            link("count", "end", "n", "value", conditions=[{"source_output": "again", "value": False}]),
        ],
    )
