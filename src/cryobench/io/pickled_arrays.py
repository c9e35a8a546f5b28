"""What numpy's arrays and numbers are in a pickle, made of the bytes that the pickle holds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cryobench.io.foreign_names import acts
from cryobench.io.pickle_machine import Builder, Name, Refused, Unfinished

_TYPE = re.compile(r"b1|[iu][1248]|f[248]|c8|c16|[SU](0|[1-9][0-9]{0,8})")
_ORDERS = {"<": "<", ">": ">", "|": "|", "=": "="}
_MOST_DIMENSIONS = 16
_EMPTY_LENGTH = 1 << 20  # longest side of an array without content, such as (N, 0)
_LAST_CHARACTER = 0x10FFFF
_DTYPE, _ARRAY = "type of numbers", "array"


class ArrayBuilder(Builder):
    """Arrays of numbers and of text, numbers, bytes; anything else is refused."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.calls: dict[Name, Callable[[tuple[Any, ...]], Any]] = {
            Name("numpy._core.multiarray", "_reconstruct"): _empty_array,
            Name("numpy._core.multiarray", "scalar"): _scalar,
            Name("numpy._core.numeric", "_frombuffer"): _from_buffer,
            Name("numpy", "dtype"): _dtype,
            Name("_codecs", "encode"): _encode,
            Name("builtins", "bytes"): _no_bytes,
        }
        self.words = {_NDARRAY}

    def name(self, name: Name) -> Any:
        """Return the name, by the module that it is in nowadays; raise where it is none of an array's."""
        module = (
            name.module.replace("numpy.core", "numpy._core") if name.module.startswith("numpy.core.") else name.module
        )
        known = Name("builtins" if module == "__builtin__" else module, name.name)
        if known in self.calls or known in self.words:
            return known
        raise Refused(f"it names {name}, which is not part of an array")

    def call(self, name: Any, arguments: tuple[Any, ...]) -> Any:
        """Return an array, or a piece of one."""
        action = self.calls.get(name) if isinstance(name, Name) else None
        if action is None:
            raise Refused(f"it calls {name if isinstance(name, Name) else f'a {type(name).__name__}'}")
        return self._paid(action(arguments))

    def build(self, made: Any, state: Any) -> Any:
        """Return the array or the type whose content this is; nothing else has a state."""
        if isinstance(made, Unfinished) and made.kind == _ARRAY:
            return self._paid(_array(state))
        if isinstance(made, Unfinished) and made.kind == _DTYPE:
            return _ordered_dtype(made.detail, state)
        raise Refused(f"it sets the state of a {type(made).__name__}")

    def _paid(self, made: Any) -> Any:
        if isinstance(made, np.ndarray | np.generic | bytes):
            self.spend(len(made) if isinstance(made, bytes) else int(made.nbytes))
        return made

    def weight(self, made: Any) -> int | None:
        """Return the bytes of an array or of a number."""
        return int(made.nbytes) + 8 if isinstance(made, np.ndarray | np.generic) else None


@dataclass(frozen=True)
class Foreign:
    """Something in a pickle that is no data and was not made, by its name."""

    name: str


class WordBuilder(ArrayBuilder):
    """As :class:`ArrayBuilder`, but what is no data becomes a :class:`Foreign`: nothing of it is looked up or made.

    What is of Python's own library and acts, such as ``os.system``, is refused.

    The words of a command line, ``argparse.Namespace``, become a dictionary, also where they are the one object in an
    array of no dimension.
    """

    def name(self, name: Name) -> Any:
        """Return the name."""
        try:
            return super().name(name)
        except Refused:
            if acts(name.module, name.name):
                raise
            return Foreign(str(name))

    def call(self, name: Any, arguments: tuple[Any, ...]) -> Any:
        """Return an array, or what stands for a thing that is not made."""
        if isinstance(name, Foreign):
            return Foreign(name.name)
        try:
            return super().call(name, arguments)
        except Refused:
            return Foreign(str(name))

    def new(self, name: Any, arguments: tuple[Any, ...]) -> Any:
        """Return what stands for an object that is not made."""
        del arguments
        called = name.name if isinstance(name, Foreign) else str(name)
        return Unfinished(_WORDS_OF_COMMAND) if called == _WORDS_OF_COMMAND else Foreign(called)

    def build(self, made: Any, state: Any) -> Any:
        """Return the array, or what stands for a thing with its state."""
        if isinstance(made, Foreign):
            return made
        if isinstance(made, Unfinished) and made.kind == _WORDS_OF_COMMAND:
            return state if type(state) is dict else Foreign(_WORDS_OF_COMMAND)
        if type(state) is tuple and len(state) == 5 and state[1] == () and isinstance(state[2], Foreign):
            return state[4][0] if type(state[4]) is list and len(state[4]) == 1 else Foreign("an array of objects")
        try:
            return super().build(made, state)
        except Refused:
            return Foreign(f"a {type(made).__name__}")

    def persistent(self, identity: Any) -> Any:
        """Return what stands for something outside the file."""
        del identity
        return Foreign("something outside the file")

    def absorbs(self, made: Any) -> bool:
        """Items given to what is not made are dropped."""
        return isinstance(made, Foreign)

    def weight(self, made: Any) -> int | None:
        """Return the bytes of an array, a number, or of what is not made."""
        return 8 if isinstance(made, Foreign | Unfinished | Name | np.dtype) else super().weight(made)


_WORDS_OF_COMMAND = "argparse.Namespace"
_NDARRAY = Name("numpy", "ndarray")


def _empty_array(arguments: tuple[Any, ...]) -> Unfinished:
    if len(arguments) != 3 or arguments[0] != _NDARRAY or arguments[1] != (0,):
        raise Refused("an array is made of other things than it should be")
    return Unfinished(_ARRAY)


def _dtype(arguments: tuple[Any, ...]) -> Unfinished:
    code = arguments[0] if arguments else None
    if not isinstance(code, str):
        raise Refused("a type of numbers has no name")
    if not _TYPE.fullmatch(code):
        what = "an array of objects" if code.startswith("O") else f"an array of type {code[:20]!r}"
        raise Refused(f"it holds {what}: expected numbers or text")
    return Unfinished(_DTYPE, code)


def _ordered_dtype(code: str, state: Any) -> np.dtype[Any]:
    plain = type(state) is tuple and len(state) >= 5 and state[2:5] == (None, None, None)
    if not plain or not (isinstance(state[1], str) and state[1] in _ORDERS):
        raise Refused("it holds an array of records: expected numbers or text")
    return np.dtype(_ORDERS[state[1]] + code)


def _encode(arguments: tuple[Any, ...]) -> bytes:
    text = arguments[0] if arguments else None
    if not isinstance(text, str) or arguments[1:] != ("latin1",):
        raise Refused("bytes are written in another way than pickles do")
    return text.encode("latin1")


def _no_bytes(arguments: tuple[Any, ...]) -> bytes:
    if arguments:
        raise Refused("bytes are written in another way than pickles do")
    return b""


def _scalar(arguments: tuple[Any, ...]) -> Any:
    if len(arguments) != 2:
        raise Refused("a number is made of other things than it should be")
    return array_of_bytes(arguments[1], arguments[0], (), "C")[()]


def _from_buffer(arguments: tuple[Any, ...]) -> np.ndarray:
    if len(arguments) not in {4, 5}:
        raise Refused("an array is made of other things than it should be")
    raw, dtype, shape, order, *axes = arguments
    if order == "K" and axes:
        turned = axes[0]
        if type(turned) is not tuple or sorted(turned) != list(range(len(_sides(shape)))):
            raise Refused("the axes of an array are in no order")
        return np.ascontiguousarray(array_of_bytes(raw, dtype, shape, "C").transpose(turned))
    if order not in {"C", "F"}:
        raise Refused("the axes of an array are in no order")
    return array_of_bytes(raw, dtype, shape, order)


def _array(state: Any) -> np.ndarray:
    if type(state) is not tuple or len(state) != 5:
        raise Refused("an array has another content than it should")
    _, shape, dtype, by_column, raw = state
    return array_of_bytes(raw, dtype, shape, "F" if by_column else "C")


def _sides(shape: Any) -> tuple[int, ...]:
    sides = tuple(shape) if type(shape) in {tuple, list} else None
    if sides is None or len(sides) > _MOST_DIMENSIONS or not all(type(side) is int and side >= 0 for side in sides):
        raise Refused("an array has no shape")
    return sides


def array_of_bytes(raw: Any, dtype: Any, shape: Any, order: str) -> np.ndarray:
    """Return an array made of bytes, in this machine's byte order, as a copy.

    Raises
    ------
    Refused
        If the bytes are not exactly those of an array of this shape and type.
    """
    if isinstance(raw, str):
        raw = raw.encode("latin1")  # as Python 2 wrote it
    if not isinstance(raw, bytes):
        raise Refused("it holds an array of objects" if isinstance(raw, list) else "an array has no bytes")
    if not isinstance(dtype, np.dtype) or not _TYPE.fullmatch(dtype.str[1:] if dtype.kind not in "SU" else "b1"):
        raise Refused("an array has no type of numbers")
    sides = _sides(shape)
    if math.prod(sides) * dtype.itemsize != len(raw) or max(sides, default=0) > max(len(raw), _EMPTY_LENGTH):
        raise Refused(f"an array of shape {sides} and type {dtype} has {len(raw):,} bytes")
    if not raw:
        return np.zeros(sides, dtype.newbyteorder("="))
    flat: np.ndarray
    if dtype.kind == "b":
        flat = np.frombuffer(raw, np.uint8) != 0
    else:
        flat = np.frombuffer(raw, dtype).astype(dtype.newbyteorder("="), copy=True)
    if dtype.kind == "U" and flat.view(np.uint32).max() > _LAST_CHARACTER:
        raise Refused("an array of text holds what is no character")
    return flat.reshape(sides, order="F" if order == "F" else "C")
