"""How every page is filled in: names are text, and a name that a template does not know is an error."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from cryobench.core import slug
from cryobench.core.words import parameter_words
from cryobench.report._runs import duration, memory, more
from cryobench.report._style import axis_name, with_unit
from cryobench.report._table import range_text


def page_environment() -> Environment:
    """Return the environment of the templates."""
    environment = Environment(
        loader=PackageLoader("cryobench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        with_unit=with_unit, duration=duration, memory=memory, more=more, range=range_text, slug=slug
    )
    environment.globals.update(parameter_words=parameter_words, axis_name=axis_name)
    return environment
