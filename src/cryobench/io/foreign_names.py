"""Names that a file of data has no use for: functions of Python's own library that act.

Nothing that a file names is looked up or run, so this decides only what is said: an object of another package, which a
program keeps among its settings, is left out; a file that asks for ``os.system`` is refused.
"""

from __future__ import annotations

import sys

_HOLD_DATA = frozenset((
    "_codecs", "argparse", "array", "collections", "copy_reg", "copyreg", "datetime", "decimal", "enum", "fractions",
    "functools", "pathlib", "re", "typing", "uuid", "zoneinfo",
))  # fmt: skip
_TYPES = frozenset((
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "long", "object", "range",
    "set", "slice", "str", "tuple", "type", "unicode", "xrange",
))  # fmt: skip
_BUILTINS = frozenset(("builtins", "__builtin__"))


def acts(module: str, name: str) -> bool:
    """Return whether a name is of Python's own library, and no type of data there."""
    root = module.partition(".")[0]
    if root in _BUILTINS:
        return name not in _TYPES
    return root in sys.stdlib_module_names and root not in _HOLD_DATA
