"""Which conditional links fire, with Python's equality (ewoks: ``True == 1 == 1.0``)."""

from .ewoks import plain
from .values import revive

_ABSENT = object()


def fired(tests, else_value, outputs):
    """Return the links whose conditions all hold.

    :param tests: list of [link, [[output name, value], ...]], values as JSON
    :param else_value: the ``conditions_else_value`` of the node, as JSON
    :param outputs: dict of output name to value, or what stands for it, see ``ewoks.plain``
    :raises TypeError: when a value cannot be compared, because it cannot be hashed
    """
    links, known = [], {}
    for link, conditions in tests:
        wanted = [(name, revive(value)) for name, value in conditions]
        for name, value in wanted:
            known.setdefault(name, set()).add(value)
        links.append((link, dict(wanted)))  # the last of a name counts
    outputs = plain(outputs)
    actual = {name: plain(outputs[name]) for name in known if name in outputs}
    else_value = revive(else_value)
    return [
        link
        for link, wanted in links
        if all(_holds(value, actual.get(name, _ABSENT), else_value, known[name]) for name, value in wanted.items())
    ]


def _holds(value, actual, else_value, known):
    if actual is _ABSENT:
        return False
    if value == else_value:  # the branch for what no other link asks for
        return bool(actual == else_value or actual not in known)
    return bool(actual == value)
