"""A user's changes to a spec's defaults, checked."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pydantic

from cryobench.core import InputError

T = TypeVar("T")

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_KINDS = {"states", "rotations", "shifts", "colour"}


def merged(defaults: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested defaults with a user's values in their place.

    A mapping that names another ``kind`` than the default's replaces it whole, as their fields differ.
    """
    result = dict(defaults)
    for name, value in changes.items():
        old = result.get(name)
        result[name] = value
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            kind = old.get("kind")
            if value.get("kind", kind) == kind:
                result[name] = merged(old, value)
    return result


def validated(make: Callable[[], T]) -> T:
    """Return what ``make`` returns, with the first complaint of its models in one line.

    Raises
    ------
    InputError
        Naming the field, its value and what is wrong with it.
    """
    try:
        return make()
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        name = _field(first["loc"]) or "the spec"
        what = f"{first['msg'][0].lower()}{first['msg'][1:]}"
        if first["type"] == "extra_forbidden":
            raise InputError(f"{name} is not a setting: check its spelling") from error
        if first["type"] == "missing" and not any(isinstance(part, int) for part in first["loc"]):
            raise InputError(f"{name} is missing") from error
        if first["type"] == "union_tag_invalid":
            tag, known = first["ctx"]["tag"], first["ctx"]["expected_tags"]
            raise InputError(f"{name} has the kind '{tag}': choose from {known}") from error
        if first["type"] == "value_error":
            raise InputError(f"{name}: {first['ctx']['error']}") from error
        raise InputError(f"{name} is {_SHORT.repr(first['input'])}: {what}") from error


def _field(place: Sequence[int | str]) -> str:
    """Return the name of a field as a user writes it, without what the models put between."""
    names: list[str] = []
    for before, part in zip(("", *place), place, strict=False):
        # Among kinds, the kind comes after the name of the field.
        if isinstance(part, str) and part.isidentifier() and before not in _KINDS:
            names.append(part)
    return ".".join(names)
