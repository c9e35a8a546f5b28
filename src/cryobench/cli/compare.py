"""``cryobench compare``: which methods differ, by paired differences over the same items."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import rich.box
import typer
from rich.markup import escape
from rich.table import Table

from cryobench.benchmark import comparisons_text, join_results, read_results
from cryobench.cli.console import console, mendable_errors
from cryobench.core import Comparison, InputError
from cryobench.core.words import interval_words, parameter_words, verdict
from cryobench.io import write_text

EPILOG = """Examples:

  cryobench compare scores

  cryobench compare scores-a scores-b --metric fsc-auc --first mine -o differences.csv"""


def compare(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Results of one dataset, folders or files.")
    ],
    first: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare this method with all others.", show_default="every pair")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Metrics, separated by commas.", show_default="all")
    ] = None,
    controls: Annotated[bool, typer.Option("--controls", help="Compare with controls too.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="CSV", help="Write the table there.", show_default=False)
    ] = None,
) -> None:
    """Print paired differences of methods with bootstrap intervals, and say which cannot be told apart.

    A difference is of the same states, or of the same particles, so what is hard for both does not blur it.
    """
    with mendable_errors("nothing was written"):
        if output is not None and output.is_dir():
            raise InputError(f"{output} is a folder: give -o the name of a file")
        joined = join_results([read_results(path) for path in results])
        if len(joined) > 1:
            ids = ", ".join(each.document.dataset.id for each in joined)
            raise InputError(f"results of several datasets ({ids}): methods are compared on one")
        document = joined[0].document
        roles = {card.name: card.role for card in document.methods}
        if first is not None and first not in roles:
            raise InputError(f"no method '{first}' in these results: choose of {', '.join(roles)}")
        wanted = None if metric is None else {name.strip() for name in metric.split(",")}
        known = {comparison.metric.name for comparison in document.comparisons}
        if wanted is not None and wanted - known:
            raise InputError(
                f"no comparison by '{sorted(wanted - known)[0]}': choose of {', '.join(sorted(known)) or 'none at all'}"
            )
        chosen = [
            _from(comparison, first)
            for comparison in document.comparisons
            if (wanted is None or comparison.metric.name in wanted)
            and (first is None or first in {comparison.first, comparison.second})
            and (controls or {roles[comparison.first], roles[comparison.second]} == {"method"})
        ]
        _print(chosen)
        if output is not None:
            write_text(output, comparisons_text(chosen))
            console.print(f"Written: {output}", markup=False, soft_wrap=True)


def _from(comparison: Comparison, first: str | None) -> Comparison:
    """Return a comparison as seen from one of its methods."""
    if first is None or comparison.first == first:
        return comparison
    interval = comparison.interval
    turned = interval.model_copy(update={"low": -interval.high, "high": -interval.low})
    update = {"first": comparison.second, "second": comparison.first, "difference": -comparison.difference}
    return comparison.model_copy(update={**update, "interval": turned})


def _print(chosen: Sequence[Comparison]) -> None:
    if not chosen:
        console.print(
            "Nothing to compare: two methods scored on the same items are needed; --controls takes controls too."
        )
        return
    console.print("Paired differences, the first method minus the second")
    for first, second in dict.fromkeys((each.first, each.second) for each in chosen):
        console.print(_table([each for each in chosen if (each.first, each.second) == (first, second)]))
    kinds = dict.fromkeys(interval_words(each.interval.kind) for each in chosen)
    console.print(f"Intervals: {'; '.join(kinds)}.", markup=False)


def _table(of_pair: Sequence[Comparison]) -> Table:
    """Return a row for each difference of two methods."""
    title = escape(f"{of_pair[0].first} - {of_pair[0].second}")
    table = Table(title=title, title_justify="left", title_style="bold", box=rich.box.SIMPLE_HEAD,
                  padding=(0, 1, 1, 0))  # fmt: skip
    table.add_column("metric")
    for head in ("difference", "95 % interval"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for each in of_pair:
        words = [
            each.protocol,
            each.convention,
            *(parameter_words(k, v) for k, v in each.parameters.items() if k != "mask"),
        ]
        table.add_row(
            escape(f"{each.metric.label}\n{', '.join(word for word in words if word)}"),
            f"{each.difference:+.4f}",
            f"{each.interval.low:+.4f} – {each.interval.high:+.4f}",
            escape(verdict(each)),
        )
    return table
