"""Whose work a dataset rests on, and under which licences."""

from __future__ import annotations

import re

from cryobench.datasets.spec import AnySpec, DatasetSpec, ImportedSpec
from cryobench.datasets.states import Assemblies

PAPER = "https://arxiv.org/abs/2408.05526"
CITATION = (
    "M. Jeon, R. Raghu, M. Astore, G. Woollard, R. Feathers, A. Kaz, S. M. Hanson, P. Cossio and E. D. Zhong, "
    "CryoBench: Diverse and challenging datasets for the heterogeneity problem in cryo-EM, NeurIPS 2024, "
    f"[arXiv:2408.05526]({PAPER})"
)
BIBTEX = (
    "@inproceedings{jeon2024cryobench, "
    "title = {CryoBench: Diverse and challenging datasets for the heterogeneity problem in cryo-EM}, "
    "author = {Jeon, Minkyu and Raghu, Rishwanth and Astore, Miro and Woollard, Geoffrey and Feathers, Ryan and "
    "Kaz, Alkin and Hanson, Sonya M. and Cossio, Pilar and Zhong, Ellen D.}, "
    "booktitle = {Advances in Neural Information Processing Systems}, volume = {37}, pages = {89468--89512}, "
    "year = {2024}, eprint = {2408.05526}, archivePrefix = {arXiv}}"
)
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
MIT = "https://spdx.org/licenses/MIT"
LICENCE_NAMES = {CC0: "CC0 1.0", MIT: "MIT"}

_ENTRY = re.compile(r"pdb:([A-Za-z0-9_]+)")
_BUILT_IN = {"built-in:synthetic-igg": MIT}
_ENTRY_OF = {"built-in:ribosome-50s": "4V5D"}
RECORDS = {
    "igg-1d": "11629428",
    "igg-rl": "11629428",
    "ribosembly": "12528292",
    "tomotwin-100": "12528292",
    "spike-md": "14941494",
}
"""Number of the Zenodo record that holds each published dataset."""


def is_published_recipe(spec: AnySpec) -> bool:
    """Return whether the publication describes this dataset, or the one that it stands in for."""
    return isinstance(spec, ImportedSpec) or spec.variant != "custom"


def is_published(spec: AnySpec) -> bool:
    """Return whether the publication describes this very dataset, or one with more states, and no stand-in."""
    return isinstance(spec, ImportedSpec) or spec.variant in {"", "subset"}


def archive_page(spec: AnySpec) -> str:
    """Return the address of the published archive that a dataset points at, or nothing."""
    record = RECORDS.get(spec.dataset, "") if isinstance(spec, ImportedSpec) else ""
    return f"https://zenodo.org/records/{record}" if record else ""


def entries(spec: AnySpec) -> tuple[str, ...]:
    """Return the entries of the Protein Data Bank that the states are made of, in capitals and in order."""
    if isinstance(spec, ImportedSpec):
        return ()
    found = [_entry(source.name) for source in spec.states.sources()]
    return tuple(dict.fromkeys(entry for entry in found if entry))


def licences(spec: AnySpec) -> tuple[str, ...]:
    """Return the addresses of the licences of all inputs; nothing if that of one of them is not known.

    Entries of the Protein Data Bank are CC0 1.0. What is built by this software's code has the licence of the code.
    """
    if not isinstance(spec, DatasetSpec) or spec.ctf.sha256 or spec.poses.sha256:
        return ()
    sources = spec.states.sources()
    if not sources:
        return (MIT,) if isinstance(spec.states, Assemblies) else ()
    found = [CC0 if _entry(source.name) else _BUILT_IN.get(source.name, "") for source in sources]
    return tuple(dict.fromkeys(found)) if all(found) else ()


def _entry(name: str) -> str:
    """Return the entry that the name of a source means, or nothing."""
    match = _ENTRY.fullmatch(name)
    return match[1].upper() if match else _ENTRY_OF.get(name, "")
