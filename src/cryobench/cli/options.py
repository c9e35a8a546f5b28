"""Options that several commands share."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

Threads = Annotated[int | None, typer.Option("--threads", help="Threads to use.", show_default="all cores")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Start anew in a folder that holds something.")]
AnyDataset = Annotated[
    bool, typer.Option("--any-dataset", help="Take a submission that was made of another build of the dataset.")
]


def with_options(run: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose options are the fields of a dataclass, stated once for several commands, and its own.

    Parameters
    ----------
    run
        What the command does. Its first parameter is an instance of the dataclass, the others are the command's own.
    """
    hints = get_type_hints(run, include_extras=True)
    first, *own = inspect.signature(run).parameters.values()
    shared = hints[first.name]
    fields = dataclasses.fields(shared)
    types = get_type_hints(shared, include_extras=True)

    def command(**values: Any) -> None:
        options = shared(**{field.name: values.pop(field.name) for field in fields})
        run(options, **values)

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        *(inspect.Parameter(each.name, kind, default=each.default, annotation=types[each.name]) for each in fields),
        *(each.replace(kind=kind, annotation=hints[each.name]) for each in own),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__doc__, command.__name__ = run.__doc__, run.__name__
    return command
