"""The tests of the reference packages, run against the engine ``hpc``: ``make conformance``.

``suite.toml`` says which tests are run, and the reason for each one that is not. ``__main__``
starts pytest once for each scheduler with the plugin ``plugin``, which

* selects and skips what ``suite.toml`` says;
* puts our engine where the tests name theirs (``swap``): their fixtures, imports and command
  lines stay as they are, and no code of theirs is copied;
* writes what came out into a file, from which ``table`` makes the table that is printed.
"""
