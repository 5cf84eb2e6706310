"""Which conditional links fire, with Python's equality (ewoks: ``True == 1 == 1.0``)."""

_ABSENT = object()


def fired(tests, else_value, outputs):
    """Return the links whose conditions all hold.

    :param tests: list of [link, [[output name, value], ...]]
    :param else_value: the ``conditions_else_value`` of the node
    :param outputs: dict of output name to value
    :raises TypeError: when a value cannot be compared, because it cannot be hashed
    """
    known = {}
    for _, conditions in tests:
        for name, value in conditions:
            known.setdefault(name, set()).add(value)
    return [
        link
        for link, conditions in tests
        if all(_holds(value, outputs.get(name, _ABSENT), else_value, known[name]) for name, value in dict(conditions).items())
    ]


def _holds(value, actual, else_value, known):
    if actual is _ABSENT:
        return False
    if value == else_value:  # the branch for what no other link asks for
        return bool(actual == else_value or actual not in known)
    return bool(actual == value)
