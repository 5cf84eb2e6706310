"""Methods for task types that need nothing but the standard library."""

import logging
import sys

try:
    from ewokscore.missing_data import is_missing_data
except ImportError:

    def is_missing_data(value):
        return type(value).__name__ == "MissingData"


number = 5


class Strange(Exception):
    def __str__(self):
        return "it's \"strange\" \u00e9"


def nothing():
    return 42


def show(*args, **named):
    return [["missing" if is_missing_data(a) else a for a in args], list(named.items())]


def default(a, b="default"):
    return [a, b]


def same(value):
    return value


def missing():
    if "ewokscore.missing_data" in sys.modules:
        return sys.modules["ewokscore.missing_data"].MISSING_DATA
    return sys.modules["_ewokshpc.values"].missing()


def append(values):
    values.append(1)
    return values


def fail(text):
    raise ValueError(text)


def fail_empty():
    raise ValueError


def fail_strange():
    raise Strange


def fail_key():
    return {}["key"]


def leave(code):
    sys.exit(code)


def speak(text):
    print(text)
    print(text.upper(), file=sys.stderr)


def log():
    logging.basicConfig(level=logging.INFO)


def ppf(**named):
    return {"seen": list(named)}


def ppf_none(**named):
    return None


def ppf_pairs(**named):
    return [["a", 1]]


def ppf_number(**named):
    return 3
