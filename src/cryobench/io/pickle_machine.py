"""A machine for the pickle language that knows data alone: it cannot import, call, or give an object a state.

Python's own unpickler, even with a list of allowed names, lets a file call what is on the list with any argument and
set the state of what comes back. Here a name found in a file stays a name: what it may stand for is decided by a
:class:`Builder`, which makes arrays of bytes that are in the file, and nothing else. The opcodes are read by
:func:`pickletools.genops`, which executes none.
"""

from __future__ import annotations

import io
import pickletools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_DEEPEST = 64
_INTEGER_BITS = 128
_SMALLEST_LIMIT = 1 << 20
_EXPANSION = 16


class Refused(Exception):  # noqa: N818 -- never seen outside this package
    """A pickle asks for something that is not data, or for more than the file holds."""


@dataclass(frozen=True)
class Name:
    """Something that a pickle names, such as a function; it is not looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Unfinished:
    """What gets its content by a later BUILD; whatever refers to it by then is given the finished object.

    Parameters
    ----------
    kind, detail
        What the builder notes about it.
    places
        Where the memo refers to it.
    """

    kind: str
    detail: Any = None
    places: list[int] = field(default_factory=list)


class Builder(ABC):
    """What the names in a pickle may stand for.

    Parameters
    ----------
    size
        Bytes of the whole file, which bound what is made of it.
    """

    def __init__(self, size: int) -> None:
        self.limit = max(_SMALLEST_LIMIT, _EXPANSION * size)
        self._spent = 0

    def spend(self, count: int) -> None:
        """Raise :class:`Refused` if ``count`` more bytes are more than such a file can need.

        The arguments of a call can be named again by two bytes, and each call makes another array of them.
        """
        self._spent += count
        if self._spent > self.limit:
            raise Refused(f"it makes more than {self.limit:,} bytes, far more than the file holds")

    @abstractmethod
    def name(self, name: Name) -> Any:
        """Return what stands for a name on the stack, usually the name itself; raise :class:`Refused` if it may not."""

    @abstractmethod
    def call(self, name: Any, arguments: tuple[Any, ...]) -> Any:
        """Return what a call of a name with these arguments makes."""

    @abstractmethod
    def build(self, made: Any, state: Any) -> Any:
        """Return what takes the place of ``made`` once it is given a state."""

    def new(self, name: Any, arguments: tuple[Any, ...]) -> Any:
        """Return an object of a class; by default there is none."""
        del arguments
        raise Refused(f"it makes an object of {_shown(name)}")

    def persistent(self, identity: Any) -> Any:
        """Return what lies outside the pickle; by default nothing does."""
        del identity
        raise Refused("it refers to something outside the file")

    def absorbs(self, made: Any) -> bool:
        """Return whether items given to an object are dropped, because it stands for one that is not made."""
        del made
        return False

    def weight(self, made: Any) -> int | None:
        """Return the bytes of a finished leaf that is no plain Python value; None if it may not be in the result."""
        del made
        return None


def run(file: io.BytesIO, builder: Builder) -> Any:
    """Return what the next pickle of a file stands for; the file is left at its end.

    Parameters
    ----------
    file
        A file in memory, so that a length that is claimed and not there allocates nothing.
    builder
        What names stand for.

    Raises
    ------
    Refused
        If it asks for anything but data.
    Exception
        Nearly any, if it is damaged.
    """
    machine = _Machine(builder)
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "STOP":
            break
        machine.step(opcode.name, argument)
    if len(machine.stack) != 1 or machine.below:
        raise Refused("it ends in the middle")
    content = machine.stack[0]
    _weigh(content, builder)
    return content


class _Machine:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def step(self, opcode: str, argument: Any) -> None:
        if opcode in _VALUES:
            self.stack.append(_plain(argument))
        elif opcode in _CONSTANTS:
            self.stack.append(_CONSTANTS[opcode])
        elif opcode in _EMPTY:
            self.stack.append(_EMPTY[opcode]())
        elif opcode in _READ_MEMO:
            self.stack.append(self.memo[argument])
        elif opcode in _WRITE_MEMO:
            self.remember(len(self.memo) if opcode == "MEMOIZE" else argument)
        elif opcode not in _IGNORED:
            action = _ACTIONS.get(opcode)
            if action is None:
                raise Refused(f"it uses {opcode}, which no data needs")
            action(self, argument)

    def remember(self, place: int) -> None:
        top = self.stack[-1]
        if isinstance(top, Unfinished):
            top.places.append(place)
        self.memo[place] = top

    def take(self, count: int) -> tuple[Any, ...]:
        if len(self.stack) < count:
            raise Refused("it takes more than there is")
        taken = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        return taken

    def to_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self.below.pop()
        return items

    def mark(self, _: Any) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop(self, _: Any) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.stack = self.below.pop()

    def global_name(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(self.builder.name(Name(module, name)))

    def stack_name(self, _: Any) -> None:
        module, name = self.take(2)
        if not (type(module) is str and type(name) is str):
            raise Refused("it names something by other things than words")
        self.stack.append(self.builder.name(Name(module, name)))

    def reduce(self, _: Any) -> None:
        name, arguments = self.take(2)
        self.stack.append(self.builder.call(name, _tuple(arguments)))

    def new(self, _: Any) -> None:
        name, arguments = self.take(2)
        self.stack.append(self.builder.new(name, _tuple(arguments)))

    def new_with_words(self, _: Any) -> None:
        name, arguments, words = self.take(3)
        self.stack.append(self.builder.new(name, (*_tuple(arguments), words)))

    def instance(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        arguments = tuple(self.to_mark())
        self.stack.append(self.builder.new(self.builder.name(Name(module, name)), arguments))

    def object(self, _: Any) -> None:
        name, *arguments = self.to_mark()
        self.stack.append(self.builder.new(name, tuple(arguments)))

    def build(self, _: Any) -> None:
        made, state = self.take(2)
        finished = self.builder.build(made, state)
        if isinstance(made, Unfinished):
            for place in made.places:
                if self.memo[place] is made:
                    self.memo[place] = finished
        self.stack.append(finished)

    def persistent(self, _: Any) -> None:
        self.stack.append(self.builder.persistent(self.take(1)[0]))

    def append(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is list:
            target.extend(items)
        elif not self.builder.absorbs(target):
            raise Refused(f"it appends to {_shown(target)}")

    def add(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is set:
            target.update(map(_key, items))
        elif not self.builder.absorbs(target):
            raise Refused(f"it adds to {_shown(target)}")

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if len(items) % 2:
            raise Refused("a key has no value")
        if type(target) is dict:
            target.update({_key(key): value for key, value in zip(items[::2], items[1::2], strict=True)})
        elif not self.builder.absorbs(target):
            raise Refused(f"it sets items of {_shown(target)}")

    def dictionary(self, _: Any) -> None:
        items = self.to_mark()
        self.stack.append({})
        self.set_items(items)


_VALUES = frozenset((
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "BINUNICODE",
    "SHORT_BINUNICODE", "BINUNICODE8",
))  # fmt: skip
_KEYS = frozenset((str, bytes, int, float, bool, type(None)))
_CONTAINERS = frozenset((dict, list, tuple, set, frozenset))
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": set}
_READ_MEMO = frozenset(("GET", "BINGET", "LONG_BINGET"))
_WRITE_MEMO = frozenset(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"))
_IGNORED = frozenset(("PROTO", "FRAME"))
_ACTIONS: dict[str, Callable[[_Machine, Any], Any]] = {
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": lambda m, _: m.to_mark(),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "TUPLE": lambda m, _: _push(m, tuple(m.to_mark())),
    "TUPLE1": lambda m, _: m.stack.append(m.take(1)),
    "TUPLE2": lambda m, _: m.stack.append(m.take(2)),
    "TUPLE3": lambda m, _: m.stack.append(m.take(3)),
    "LIST": lambda m, _: _push(m, m.to_mark()),
    "DICT": _Machine.dictionary,
    "FROZENSET": lambda m, _: _push(m, frozenset(map(_key, m.to_mark()))),
    "APPEND": lambda m, _: m.append(list(m.take(1))),
    "APPENDS": lambda m, _: m.append(m.to_mark()),
    "SETITEM": lambda m, _: m.set_items(list(m.take(2))),
    "SETITEMS": lambda m, _: m.set_items(m.to_mark()),
    "ADDITEMS": lambda m, _: m.add(m.to_mark()),
    "GLOBAL": _Machine.global_name,
    "STACK_GLOBAL": _Machine.stack_name,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
    "NEWOBJ": _Machine.new,
    "NEWOBJ_EX": _Machine.new_with_words,
    "INST": _Machine.instance,
    "OBJ": _Machine.object,
    "BINPERSID": _Machine.persistent,
}


def _push(machine: _Machine, value: Any) -> None:
    machine.stack.append(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is no text, and could not be printed
    elif isinstance(value, int) and value.bit_length() > _INTEGER_BITS:
        raise Refused(f"it holds an integer of {value.bit_length():,} bits")
    return value


def _key(value: Any) -> Any:
    parts = value if type(value) is tuple else (value,)
    if not all(type(part) in _KEYS for part in parts):  # tuples of tuples can take forever to hash
        raise Refused(f"a key is {_shown(value)}, and no word or number")
    return value


def _tuple(arguments: Any) -> tuple[Any, ...]:
    if type(arguments) is not tuple:
        raise Refused("the arguments of a call are no tuple")
    return arguments


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, Name) else f"a {type(value).__name__}"


def _children(value: Any) -> list[Any]:
    return [*value, *value.values()] if type(value) is dict else list(value)


def _leaf(value: Any, builder: Builder) -> int:
    if value is None or type(value) in {bool, int, float}:
        return 8
    if type(value) in {str, bytes}:
        return 8 + len(value)
    weight = builder.weight(value)
    if weight is None:
        raise Refused(f"it holds {_shown(value)}, which is no data")
    return weight


def _weigh(content: Any, builder: Builder) -> None:
    """Raise if a result holds anything but data, holds itself, is nested deeply, or is too large written out.

    A container may be referred to many times: ten lists that each hold ten times the next are small in memory and
    10^10 items to whoever goes through them.
    """
    done: dict[int, tuple[int, int]] = {}  # weight and height of each container
    open_now: set[int] = set()
    waiting = [(content, False)]
    while waiting:
        value, returning = waiting.pop()
        if type(value) not in _CONTAINERS or id(value) in done:
            continue
        children = _children(value)
        if not returning:
            if id(value) in open_now:
                raise Refused("it holds itself")
            open_now.add(id(value))
            waiting.append((value, True))
            waiting.extend((child, False) for child in children)
            continue
        weight, height = 8, 0
        for child in children:
            inner = done.get(id(child)) if type(child) in _CONTAINERS else (_leaf(child, builder), 0)
            if inner is None:
                raise Refused("it holds itself")
            weight, height = weight + inner[0], max(height, inner[1])
        if height >= _DEEPEST:
            raise Refused(f"it is nested more than {_DEEPEST} deep")
        if weight > builder.limit:
            raise Refused(f"written out it would be more than {builder.limit:,} bytes, far more than the file")
        done[id(value)] = weight, height + 1
        open_now.discard(id(value))
    if type(content) not in _CONTAINERS:
        _leaf(content, builder)
