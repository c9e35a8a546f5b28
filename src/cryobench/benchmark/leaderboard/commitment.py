"""Commitment to a dataset that is held back: said before it is used, opened when it is published.

The commitment is the SHA-256 checksum of three lines: ``cryobench-commitment-1``, a nonce of 256 random bits and the
checksum of ``dataset.json``, which in turn covers every file. The nonce makes guessing useless: whoever tries recipes
and seeds cannot tell a right guess from a wrong one. Another dataset with the same commitment would be a collision of
SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Literal, TypeVar

import pydantic

from cryobench.benchmark.leaderboard.entries import first_error
from cryobench.core import FormatError, InputError, Strict
from cryobench.core.leaderboard import Checksum
from cryobench.datasets import changed_files, read_manifest
from cryobench.io import read_text, sha256

_LABEL = "cryobench-commitment-1"


class Commitment(Strict):
    """What is published first."""

    schema_version: Literal[1] = 1
    kind: Literal["cryobench dataset commitment"] = "cryobench dataset commitment"
    commitment: Checksum


class Opening(Strict):
    """What is kept secret until the dataset is published: the nonce, and the checksum of ``dataset.json``."""

    schema_version: Literal[1] = 1
    kind: Literal["cryobench commitment opening"] = "cryobench commitment opening"
    nonce: Checksum
    checksum: Checksum

    @property
    def commitment(self) -> str:
        """What it opens."""
        return hashlib.sha256(f"{_LABEL}\n{self.nonce}\n{self.checksum}\n".encode()).hexdigest()


def commit_dataset(folder: Path) -> tuple[Commitment, Opening]:
    """Return a commitment to a dataset folder and what opens it; another one at each call.

    The nonce must be impossible to foretell, so it is the one random number that no seed determines.

    Raises
    ------
    FormatError
        If the folder is no finished dataset, or a file of it was changed.
    """
    opening = Opening(nonce=secrets.token_hex(32), checksum=_checksum(folder))
    return Commitment(commitment=opening.commitment), opening


def verify_commitment(folder: Path, commitment: Commitment, opening: Opening) -> None:
    """Check that a dataset folder is the one that was committed to.

    Raises
    ------
    InputError
        If the opening is not of that commitment, or the dataset is another one.
    FormatError
        If the folder is no finished dataset, or a file of it was changed.
    """
    require_opens(commitment, opening)
    found = _checksum(folder)
    if found != opening.checksum:
        raise InputError(
            f"{folder} is not the dataset that was committed to: dataset.json has the checksum {found}, "
            f"expected {opening.checksum}"
        )


def require_opens(commitment: Commitment, opening: Opening) -> None:
    """Check that an opening is that of a commitment.

    Raises
    ------
    InputError
        If it is not.
    """
    if opening.commitment != commitment.commitment:
        raise InputError(
            f"the opening gives the commitment {opening.commitment}, expected {commitment.commitment}: they do not "
            "belong together"
        )


def read_commitment(path: Path) -> Commitment:
    """Read a commitment.

    Raises
    ------
    FormatError
        If it is not valid.
    """
    return _read(path, Commitment, "a commitment")


def read_opening(path: Path) -> Opening:
    """Read what opens a commitment.

    Raises
    ------
    FormatError
        If it is not valid.
    """
    return _read(path, Opening, "an opening of a commitment")


_Model = TypeVar("_Model", bound=Strict)


def _read(path: Path, model: type[_Model], what: str) -> _Model:
    try:
        return model.model_validate_json(read_text(path))
    except pydantic.ValidationError as error:
        raise FormatError(f"{path}: not {what}: {first_error(error)}") from error


def _checksum(folder: Path) -> str:
    manifest = read_manifest(folder)
    changed = changed_files(folder, manifest)
    if changed:
        raise FormatError(
            f"{folder}: {changed[0]} is missing or was changed since it was built: build the dataset again"
        )
    return sha256(folder / "dataset.json")
