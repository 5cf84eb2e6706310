"""Values on their way into and out of tasks.

On the wire a value is one of (see ``task/encode.go``)::

    null                     MISSING_DATA: no value
    ["j", json]              given as JSON
    ["p", first, count]      a pickle with its out-of-band buffers, among the blobs of the frame
    ["s", path, size]        the same in a file of the value store
    ["h", seq, output]       an object that this interpreter holds
    ["g", [[name, value]..]] a mapping of names to values

JSON may hold, in place of a value that JSON cannot, ``{"ewoks-hpc:pickle": base64 text}`` or
``{"ewoks-hpc:object": number}``, which names an object of this process.
"""

import base64
import json
import mmap
import os
import pickle
import struct
import sys
import traceback

PROTOCOL = 5
INLINE_LIMIT = 64 << 10  # bytes; larger values go to the store
INLINE_TOTAL = 1 << 20  # bytes of all values of a task that travel with its result
SHOW_LIMIT = 1 << 20  # characters of the JSON of all outputs of a task


PICKLE, OBJECT = "ewoks-hpc:pickle", "ewoks-hpc:object"

#: Objects of this process by number, for inputs that do not have to leave it.
objects = {}


def revive(value):
    """Return the Python value for JSON, which may be a marker for another value."""
    if type(value) is dict and len(value) == 1:
        if PICKLE in value:
            return pickle.loads(base64.b64decode(value[PICKLE]))
        if OBJECT in value:
            return objects[value[OBJECT]]
    return value


class MissingData:
    """The marker for "no value", as in ewokscore, for interpreters without it."""

    def __bool__(self):
        return False

    def __repr__(self):
        return "<MISSING_DATA>"

    def __eq__(self, other):
        return is_missing(other)

    __hash__ = None


_MISSING = MissingData()


def missing():
    """Return MISSING_DATA: that of ewokscore where tasks can know it."""
    module = sys.modules.get("ewokscore.missing_data")
    return module.MISSING_DATA if module else _MISSING


def is_missing(value):
    return type(value).__name__ == "MissingData"


class Unpicklable(RuntimeError):
    """An output that cannot leave the interpreter."""


class Values:
    """The values that one interpreter holds and those that it can reach."""

    def __init__(self, store=None):
        """:param store: directory for large values, None to keep all of them inline"""
        self._store = store
        self._held = {}

    def load(self, wire, run, blobs):
        """Return the Python object for a value of a request."""
        if wire is None:
            return missing()
        kind = wire[0]
        if kind == "j":
            return revive(wire[1])
        if kind == "p":
            first, count = wire[1], wire[2]
            return pickle.loads(blobs[first], buffers=blobs[first + 1 : first + count])
        if kind == "h":
            try:
                return self._held[run][wire[1]][wire[2]]
            except KeyError:
                raise LookupError("the value %r of task %d is gone: its interpreter ended" % (wire[2], wire[1])) from None
        if kind == "s":
            try:
                return _read_file(wire[1])
            except (OSError, _Damaged) as error:
                raise LookupError("an input cannot be read from the value store: %s" % error) from None
        if kind == "g":
            return {name: self.load(value, run, blobs) for name, value in wire[1]}
        raise ValueError("unknown kind of value %r" % kind)

    def dump(self, outputs, run, seq, keep, blobs):
        """Return outputs, a dict, as values of a result. Pickles are appended to blobs."""
        if keep:
            self._held.setdefault(run, {})[seq] = outputs
            return [[n, None if is_missing(v) else ["h", seq, n]] for n, v in outputs.items()]
        return [[n, None if is_missing(v) else self._send(n, v, run, seq, blobs)] for n, v in outputs.items()]

    def _send(self, name, value, run, seq, blobs):
        parts = _pickle(name, value)
        size = sum(len(p) for p in parts)
        if self._store is None or size <= INLINE_LIMIT and size + sum(len(b) for b in blobs) <= INLINE_TOTAL:
            blobs.extend(parts)
            return ["p", len(blobs) - len(parts), len(parts)]
        directory = os.path.join(self._store, run)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        path = os.path.join(directory, "%d-%s-%d" % (seq, os.urandom(4).hex(), len(blobs)))
        _write_file(path, parts)
        return ["s", path, size]

    def drop(self, run, seqs):
        """Forget what these tasks of a run made."""
        held = self._held.get(run)
        if held:
            for seq in seqs:
                held.pop(seq, None)

    def forget(self, run):
        """Forget all values of a run."""
        self._held.pop(run, None)


class RemoteTraceback(Exception):
    """The traceback of an exception in the process where it was raised."""

    def __str__(self):
        return self.args[0]


class _Raised:
    """An exception that keeps its cause and its traceback, as text, when it is pickled."""

    def __init__(self, error):
        self._error = error

    def __reduce__(self):
        lines = traceback.format_exception(type(self._error), self._error, self._error.__traceback__)
        return _rebuild, (self._error, self._error.__cause__, "\n" + "".join(lines))


def _rebuild(error, cause, text):
    error.__cause__ = cause
    last = error
    while last.__cause__ is not None:
        last = last.__cause__
    last.__cause__ = RemoteTraceback(text)
    return error


def _pickle(name, value):
    if isinstance(value, BaseException):
        try:
            return [pickle.dumps(_Raised(value), PROTOCOL)]
        except Exception:
            pass  # its cause may be what cannot be pickled
    buffers = []
    try:
        data = pickle.dumps(value, PROTOCOL, buffer_callback=buffers.append)
    except Exception as error:
        data = _cloudpickle(name, value, error)
        buffers = []
    return [data] + [b.raw() for b in buffers]


def _cloudpickle(name, value, error):
    try:
        import cloudpickle

        return cloudpickle.dumps(value, PROTOCOL)
    except Exception:
        raise Unpicklable(
            "output %r of type %s cannot be sent to another process: %s" % (name, type(value).__name__, error)
        ) from error


def _write_file(path, parts):
    """Write a pickle and its buffers: count, lengths, then each part at a multiple of 64 bytes."""
    sizes = [len(p) for p in parts]
    temporary = path + ".tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb", 0) as file:
        file.write(struct.pack("!%dQ" % (len(parts) + 1), len(parts), *sizes))
        for offset, part in zip(_offsets(sizes), parts):
            file.seek(offset)
            view = memoryview(part).cast("B")
            while view:
                view = view[file.write(view) :]
    os.rename(temporary, path)


class _Damaged(Exception):
    """A file of the value store that is shorter than it was."""


def _read_file(path):
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise _Damaged("%s is empty" % path)
        # A private copy-on-write mapping: pages are read when they are used, and arrays on top
        # of it can be changed without changing the file.
        data = memoryview(mmap.mmap(file.fileno(), size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE))
    try:
        (count,) = struct.unpack_from("!Q", data)
        sizes = struct.unpack_from("!%dQ" % count, data, 8)
    except struct.error:
        raise _Damaged("%s is cut off" % path) from None
    parts = [data[o : o + n] for o, n in zip(_offsets(sizes), sizes)]
    if [len(p) for p in parts] != list(sizes):
        raise _Damaged("%s is cut off" % path)
    return pickle.loads(parts[0], buffers=parts[1:])


def _offsets(sizes):
    offset = 8 * (len(sizes) + 1)
    for size in sizes:
        offset = -(-offset // 64) * 64
        yield offset
        offset += size


def show(outputs):
    """Return outputs as a list of [name, JSON text].

    What JSON cannot hold, or what is too long, becomes its type and repr.
    """
    shown, left = [], SHOW_LIMIT
    for name, value in outputs.items():
        if is_missing(value):
            continue
        text = _show(value)
        if len(text) > left:
            text = json.dumps(describe(value))
        left -= len(text)
        shown.append([name, text])
    return shown


def _show(value):
    try:
        return json.dumps(value, default=describe, allow_nan=False)
    except Exception:
        return json.dumps(describe(value))


def describe(value):
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else kind.__module__ + "." + kind.__qualname__
    try:
        text = repr(value)
    except Exception as error:
        text = "<repr failed: %s>" % error
    if len(text) > 10000:
        text = text[:10000] + "..."
    return {"type": name, "repr": text}
