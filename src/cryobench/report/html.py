"""Results to one HTML page that needs nothing else: no network, no file beside it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup
from plotly.offline import get_plotlyjs

from cryobench.core import InputError, PublishedScore, Results
from cryobench.report._encode import script_json
from cryobench.report._environment import page_environment
from cryobench.report._figures import config
from cryobench.report._outline import outline
from cryobench.report._sections import DatasetSection, dataset_section

MESH_BYTES = 12 * 2**20
"""How many bytes the surfaces of all datasets together may take, so that the page stays below 30 MB."""


def render_report(results: Sequence[Results], published: Sequence[PublishedScore] = ()) -> str:
    """Return a report as one HTML document; the same results give the same text.

    Parameters
    ----------
    results
        Runs, one a dataset. Every name in them is shown as text, whatever it holds.
    published
        Scores quoted from publications. They stand beside those of their dataset, and are never ranked with them.

    Raises
    ------
    InputError
        If there are no results, a record belongs to a method that the document does not describe, or two scores claim
        one place.
    """
    if not results:
        raise InputError("no results to report: give one or more")
    share = MESH_BYTES // len(results)
    sections = [dataset_section(each, i, published, share) for i, each in enumerate(results)]
    return page_environment().get_template("report.html.j2").render(
        sections=sections,
        outline=outline(sections),
        title=_title(sections),
        config=script_json(config()),
        plotly=Markup(_plotly()) if any(map(_has_plots, sections)) else "",  # plotly's own code, from its package
    )  # fmt: skip


def _title(sections: Sequence[DatasetSection]) -> str:
    names = [section.card.title for section in sections]
    return names[0] if len(names) == 1 else f"{len(names)} datasets: {', '.join(names)}"


def _has_plots(section: DatasetSection) -> bool:
    decks = (section.shells, section.curves, section.by_state, section.matrices, section.histograms)
    return any(decks) or bool(section.imbalance)


def _plotly() -> str:
    code: str = get_plotlyjs()
    # Both would change how a browser reads the rest of the page; no release of plotly.js has held them.
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")
