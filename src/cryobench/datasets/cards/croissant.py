"""The metadata of a dataset as Croissant 1.0 (JSON-LD), http://mlcommons.org/croissant/1.0."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryobench.core import FormatError
from cryobench.datasets.cards.citation import (
    BIBTEX,
    PAPER,
    archive_page,
    entries,
    is_published,
    is_published_recipe,
    licences,
)
from cryobench.datasets.cards.contents import CROISSANT, MANIFEST_WORDS, STACKS, STATES, VOLUMES, contents, encoding
from cryobench.datasets.manifest import MANIFEST, read_manifest
from cryobench.datasets.spec import ImportedSpec, Manifest
from cryobench.io import read_text

STATE_COLUMNS = {
    "state": ("sc:Integer", "index of the state, from 0"),
    "name": ("sc:Text", "name of the state"),
    "source": ("sc:Text", "name of the input that the state was made from"),
    "images": ("sc:Integer", "number of images of the state"),
    "population": ("sc:Float", "fraction of all images"),
}
"""Data type and meaning of those columns of ``states.csv`` that every dataset has."""

_STATES = "states"
_CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
# The context that the specification recommends: readers take anything else for an error.
_PLAIN_TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format",
    "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex",
    "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
)  # fmt: skip
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{term: f"cr:{term}" for term in _PLAIN_TERMS},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}


def croissant_metadata(manifest: Manifest, files: Mapping[str, str], variables: Sequence[str]) -> dict[str, Any]:
    """Return the Croissant metadata of a dataset: the same build gives the same metadata, so there is no date in it.

    Stacks and true volumes are file sets, whose checksums are in ``dataset.json``. That file holds the checksum of this
    metadata, so it is listed without one of its own.

    Parameters
    ----------
    manifest
        What the dataset is; its ``files`` are not looked at.
    files
        SHA-256 checksum of each file of the folder; that of the metadata itself is left out.
    variables
        Columns of ``truth/states.csv`` beyond those that every dataset has.
    """
    listed = {name: checksum for name, checksum in files.items() if name != CROISSANT}
    about = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": _CONFORMS_TO,
        "name": f"{manifest.title} ({manifest.id})",
        "identifier": manifest.id,
        "description": _description(manifest),
        "version": _version(manifest.software),
        "url": _page(manifest),
        "license": list(licences(manifest.spec)),
        "citeAs": BIBTEX if is_published_recipe(manifest.spec) else "",
        "isBasedOn": _based_on(manifest),
        "keywords": ["cryo-EM", "heterogeneity", "simulated images", "benchmark"],
        "distribution": _distribution(listed),
        "recordSet": [_states(manifest, variables)] if STATES in listed else [],
    }
    return {name: value for name, value in about.items() if value}


def croissant_text(folder: Path) -> str:
    """Return the Croissant metadata of a dataset folder, as its ``croissant.json`` holds it.

    Raises
    ------
    FormatError
        If the folder holds no finished dataset, or its table of states cannot be read.
    """
    manifest = read_manifest(folder)
    return metadata_text(croissant_metadata(manifest, manifest.files, state_variables(folder)))


def state_variables(folder: Path) -> list[str]:
    """Return the columns of a folder's table of states beyond those that every dataset has; none without a table.

    Raises
    ------
    FormatError
        If it is not a table of states.
    """
    path = folder / STATES
    if not path.is_file():
        return []
    columns = next(csv.reader(io.StringIO(read_text(path))), [])
    if columns[: len(STATE_COLUMNS)] != list(STATE_COLUMNS):
        raise FormatError(f"{path}: not a table of states: expected the columns {', '.join(STATE_COLUMNS)} first")
    return columns[len(STATE_COLUMNS) :]


def metadata_text(metadata: Mapping[str, Any]) -> str:
    """Return metadata as JSON that can stand in a web page, as JSON-LD does."""
    return json.dumps(metadata, indent=1, ensure_ascii=False).replace("<", "\\u003c") + "\n"


def _description(manifest: Manifest) -> str:
    spec = manifest.spec
    parts = [manifest.summary]
    if manifest.stand_in:
        parts.append(f"Stand-in data: {manifest.stand_in}.")
    if isinstance(spec, ImportedSpec):
        parts.append(
            f"The images are in the published archive of {spec.dataset}, which is no part of this folder: "
            f"{len(spec.stacks)} stacks, {len(spec.volumes)} volumes; {MANIFEST} names them, with their "
            f"checksums. Repairs: {'; '.join(spec.repairs) or 'none'}."
        )
    parts += [f"Note: {note}." for note in manifest.notes]
    parts.append(
        f"{spec.particles} images of {len(spec.images)} states, {spec.box} pixels of {spec.pixel_size:g} Å. True "
        f"latent: {manifest.latent_meaning}. Conventions: "
        + "; ".join(f"{name}: {words}" for name, words in manifest.conventions.items())
        + "."
    )
    if licences(spec):
        parts.append("The licence named is that of what the images were made from.")
    return "\n\n".join(part for part in parts if part)


def _version(software: str) -> str:
    """Return the version of the software as semantic versioning writes it, or nothing."""
    found = re.search(r"\b(0|[1-9]\d*)(\.(0|[1-9]\d*)){0,2}", software)
    return found[0] if found else ""


def _page(manifest: Manifest) -> str:
    return archive_page(manifest.spec) or (PAPER if is_published(manifest.spec) else "")


def _based_on(manifest: Manifest) -> list[str]:
    pages = [f"https://www.rcsb.org/structure/{entry}" for entry in entries(manifest.spec)]
    archive = archive_page(manifest.spec)
    return [archive, *pages] if archive else pages


def _distribution(files: Mapping[str, str]) -> list[dict[str, Any]]:
    described: list[dict[str, Any]] = [_file_set(MANIFEST, MANIFEST_WORDS, encoding(MANIFEST))]
    for content in contents(files):
        if content.is_set:
            described.append(_file_set(content.name, content.counted, content.encoding))
            continue
        described.append(
            {
                "@type": "cr:FileObject",
                "@id": _id(content.name),
                "name": content.name,
                **({"description": content.words} if content.words else {}),
                "contentUrl": content.name,
                "encodingFormat": content.encoding,
                "sha256": files[content.name],
            }
        )
    return described


def _file_set(pattern: str, words: str, encoding: str) -> dict[str, Any]:
    names = {STACKS: "particle-stacks", VOLUMES: "true-volumes", MANIFEST: "manifest"}
    return {
        "@type": "cr:FileSet",
        "@id": names[pattern],
        "name": names[pattern],
        "description": words,
        "includes": pattern,
        "encodingFormat": encoding,
    }


def _states(manifest: Manifest, variables: Sequence[str]) -> dict[str, Any]:
    """Return the table of states as records."""
    columns = dict(STATE_COLUMNS)
    for variable in variables:
        unit = manifest.coordinate_unit if variable == manifest.coordinate_name else ""
        columns[variable] = ("sc:Float", f"{variable} of the state{f', in {unit}' if unit else ''}")
    return {
        "@type": "cr:RecordSet",
        "@id": _STATES,
        "name": _STATES,
        "description": "The true states. Row i of truth/labels.npy names the state of particle i.",
        "key": {"@id": f"{_STATES}/state"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{_STATES}/{_id(column)}",
                "name": column,
                "description": words,
                "dataType": kind,
                "source": {"fileObject": {"@id": _id(STATES)}, "extract": {"column": column}},
            }
            for column, (kind, words) in columns.items()
        ],
    }


def _id(name: str) -> str:
    """Return a name as the identifier that JSON-LD asks for, which is a relative address."""
    return quote(name, safe="/")
