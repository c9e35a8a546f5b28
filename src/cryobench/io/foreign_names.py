"""Names that a file of data has no use for: functions that act on the machine.

Nothing that a file names is looked up or run, so this decides only what is said: an object of a package, which a
program keeps among its settings, is left out; a file that asks for ``os.system`` is refused.
"""

from __future__ import annotations

_ACT = frozenset((
    "_posixsubprocess", "_winapi", "asyncio", "bdb", "cffi", "code", "codeop", "commands", "ctypes", "dill", "ftplib",
    "http", "imp", "importlib", "marshal", "multiprocessing", "nt", "os", "pdb", "pickle", "_pickle", "pip",
    "pkgutil", "platform", "popen2", "posix", "profile", "pty", "pydoc", "requests", "runpy", "shelve",
    "shutil", "signal", "smtplib", "socket", "ssl", "subprocess", "sys", "telnetlib", "tempfile", "timeit", "trace",
    "urllib", "urllib2", "webbrowser", "xmlrpc", "zipimport",
))  # fmt: skip
_ACT_BUILT_IN = frozenset((
    "__import__", "apply", "breakpoint", "compile", "delattr", "eval", "exec", "execfile", "exit", "getattr", "globals",
    "input", "locals", "open", "quit", "reload", "setattr", "vars",
))  # fmt: skip
_BUILTINS = frozenset(("", "builtins", "__builtin__"))


def acts(module: str, name: str) -> bool:
    """Return whether a name is that of something that acts; one without a module is built in."""
    root = module.partition(".")[0]
    return name in _ACT_BUILT_IN if root in _BUILTINS else root in _ACT
