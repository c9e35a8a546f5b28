"""``cryobench leaderboard build``: entries to a static site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryobench.benchmark.leaderboard import read_entries
from cryobench.cli.console import console, mendable_errors
from cryobench.cli.leaderboard.options import ENTRIES
from cryobench.cli.options import Overwrite
from cryobench.core import OutputError
from cryobench.io import check_output, inside, read_text, write_text

EPILOG = """Examples:

  cryobench leaderboard build -o site

  cryobench leaderboard build --entries leaderboard/entries --entries ours -o site --overwrite"""

_LIST = "files.txt"
_LAST = "index.html"


def build(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="SITE", help="Folder for the site.")],
    entries: Annotated[
        list[Path] | None,
        typer.Option("--entries", metavar="DIR", help="Folder of entries; may be given several times.",
                     show_default=str(ENTRIES)),
    ] = None,
    overwrite: Overwrite = False,
) -> None:  # fmt: skip
    """Render the leaderboard as a static site: open SITE/index.html, or serve the folder.

    The pages need no network, and the same entries give the same bytes. With --overwrite the files of the site that was
    built there before are deleted, and no others.
    """
    with mendable_errors("a site that is not finished has no index.html: build it again with --overwrite"):
        found = read_entries(entries or [ENTRIES])
        from cryobench.report import render_leaderboard  # noqa: PLC0415 (half a second to load)

        site = render_leaderboard(found)
        check_output(output, overwrite=overwrite, resume=False)
        output.mkdir(exist_ok=True)
        _discard(output)
        write_text(output / _LIST, "".join(f"{name}\n" for name in sorted(site)))
        for name in sorted(site, key=lambda name: (name == _LAST, name)):
            path = output / name
            path.parent.mkdir(exist_ok=True)
            write_text(path, site[name])
        console.print(f"{len(found)} entries, {len(site)} files: {output / _LAST}", markup=False, soft_wrap=True)


def _discard(folder: Path) -> None:
    """Delete the files of an earlier site, by its list; a folder that holds no site is refused."""
    listing = folder / _LIST
    if not listing.is_file():
        if any(folder.iterdir()):
            raise OutputError(f"{folder} holds something that is no leaderboard site: choose another -o")
        return
    for name in read_text(listing).splitlines():
        inside(folder, name, str(listing)).unlink(missing_ok=True)
