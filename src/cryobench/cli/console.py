"""What every command shares: the console, progress bars, and errors in one line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cryobench import core

EXIT_MENDABLE = 2
"""Exit status after an error that the user can mend."""

EXIT_INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

_MOST_LETTERS = 20

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@contextmanager
def progress_bars() -> Iterator[core.Progress]:
    """Yield the progress of long work, as bars on standard error where that is a terminal, else a line a stage."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bars:

        def start(label: str, total: int) -> core.Advance:
            if not errors.is_terminal:
                errors.print(f"{label} ({total:,})", markup=False)
            task = bars.add_task(label, total=total)
            return lambda items: bars.advance(task, items)

        yield start


@contextmanager
def mendable_errors(interrupted: str = "what is finished is kept, add --resume to go on") -> Iterator[None]:
    """Turn an error that the user can mend into one line and exit status 2, and Ctrl-C into a word on how to go on."""
    try:
        yield
    except core.CryobenchError as error:
        _stop(str(error))
    except OSError as error:
        where = error.filename or "a file"
        _stop(f"{where}: {error.strerror or error}: check the path, its permissions and the free space")
    except MemoryError:
        _stop("there is not enough memory for this: choose a smaller box, or fewer images at a time")
    except KeyboardInterrupt:
        errors.print(f"cryobench: interrupted: {interrupted}", soft_wrap=True)
        sys.exit(EXIT_INTERRUPTED)


@contextmanager
def glyphs_told_once() -> Iterator[None]:
    """Say in one line which letters the fonts lack, however many pictures are drawn; all else is warned of as ever."""
    lacking: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", core.MissingGlyphWarning)
        show = warnings.showwarning

        def listen(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if isinstance(message, core.MissingGlyphWarning):
                lacking.update(message.letters)
            else:
                show(message, category, *where, **more)

        warnings.showwarning = listen
        yield
    if lacking:
        shown = " ".join(sorted(lacking)[:_MOST_LETTERS]) + (" …" if len(lacking) > _MOST_LETTERS else "")
        words = "1 letter" if len(lacking) == 1 else f"{len(lacking)} letters"
        errors.print(
            f"! {words} that no font of this system holds, drawn as boxes: {shown}: install a wide font, such as "
            "Noto Sans CJK",
            markup=False,
            soft_wrap=True,
        )


def _stop(message: str) -> NoReturn:
    errors.print(f"cryobench: error: {' '.join(message.split())}", markup=False, soft_wrap=True)
    sys.exit(EXIT_MENDABLE)
