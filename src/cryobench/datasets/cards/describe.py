"""Writing what describes a dataset folder whose data are complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cryobench.datasets.cards.card import card_text
from cryobench.datasets.cards.contents import CROISSANT, README
from cryobench.datasets.cards.croissant import croissant_metadata, metadata_text, state_variables
from cryobench.datasets.manifest import MANIFEST
from cryobench.datasets.spec import Manifest
from cryobench.io import sha256, write_text


def write_descriptions(folder: Path, manifest: Manifest, files: Mapping[str, str]) -> None:
    """Write the card, the metadata and, last of all, the manifest: with it the dataset is finished.

    Parameters
    ----------
    folder
        The dataset folder, complete but for these.
    manifest
        What the dataset is; its ``files`` are not looked at.
    files
        SHA-256 checksum of each file that is there.
    """
    found = dict(files)
    write_text(folder / README, card_text(manifest, {*found, README, CROISSANT}))
    found[README] = sha256(folder / README)
    write_text(folder / CROISSANT, metadata_text(croissant_metadata(manifest, found, state_variables(folder))))
    found[CROISSANT] = sha256(folder / CROISSANT)
    complete = manifest.model_copy(update={"files": dict(sorted(found.items()))})
    write_text(folder / MANIFEST, complete.model_dump_json(indent=1) + "\n")
