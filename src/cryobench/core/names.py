"""What a method may be called: any text of one line, which is shown as text wherever it stands."""

from __future__ import annotations

from cryobench.core.errors import InputError

LONGEST_NAME = 100


def require_method_name(name: str) -> str:
    """Return the name of a method, if it is one.

    Raises
    ------
    InputError
        If it is empty or too long, begins or ends with a space, or holds what cannot be printed on a line.
    """
    if not name.strip() or name.strip() != name:
        raise InputError(f"the name of a method is {name!r}: expected a word or more, without spaces at its ends")
    if not name.isprintable():
        odd = next(sign for sign in name if not sign.isprintable())
        raise InputError(f"the name of a method is {name!r}, with U+{ord(odd):04X}: expected text of one line")
    if len(name) > LONGEST_NAME:
        raise InputError(
            f"the name of a method has {len(name)} characters ({name[:20]!r} ...): expected at most {LONGEST_NAME}"
        )
    return name
