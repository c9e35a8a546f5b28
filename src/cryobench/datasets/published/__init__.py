"""The published archives: finding their files, putting right what is known to be wrong, importing them."""

from cryobench.datasets.published.archive import Findings, open_archive
from cryobench.datasets.published.checksums import changed_in_archive
from cryobench.datasets.published.importing import import_archive, require_output
from cryobench.datasets.published.releases import PUBLISHED, Release, release_of

__all__ = [
    "PUBLISHED",
    "Findings",
    "Release",
    "changed_in_archive",
    "import_archive",
    "open_archive",
    "release_of",
    "require_output",
]
