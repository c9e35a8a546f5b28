"""A commitment binds to one dataset and says nothing about it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from cryobench.benchmark.leaderboard import (
    Commitment,
    Opening,
    commit_dataset,
    read_commitment,
    read_opening,
    verify_commitment,
)
from cryobench.core import FormatError, InputError


def test_it_is_the_checksum_that_the_guide_gives(private_set: Path) -> None:
    commitment, opening = commit_dataset(private_set)
    assert opening.checksum == hashlib.sha256((private_set / "dataset.json").read_bytes()).hexdigest()
    lines = f"cryobench-commitment-1\n{opening.nonce}\n{opening.checksum}\n"
    assert commitment.commitment == hashlib.sha256(lines.encode()).hexdigest()
    verify_commitment(private_set, commitment, opening)


def test_it_is_another_one_each_time(private_set: Path) -> None:
    made = [commit_dataset(private_set) for _ in range(3)]
    assert len({commitment.commitment for commitment, _ in made}) == 3
    assert len({opening.nonce for _, opening in made}) == 3
    # Who has the dataset's checksum, and so guessed recipe and seed right, cannot tell it from the commitment.
    assert all(opening.checksum not in commitment.model_dump_json() for commitment, opening in made)


def test_another_dataset_or_secret_is_refused(private_set: Path, tmp_path: Path) -> None:
    commitment, opening = commit_dataset(private_set)
    with pytest.raises(InputError, match="do not belong together"):
        verify_commitment(private_set, commitment, opening.model_copy(update={"nonce": "0" * 64}))
    with pytest.raises(InputError, match="do not belong together"):
        verify_commitment(private_set, Commitment(commitment="0" * 64), opening)
    other = tmp_path / "other"
    shutil.copytree(private_set, other)
    manifest = other / "dataset.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="is not the dataset that was committed to"):
        verify_commitment(other, commitment, opening)


def test_changed_files_are_found(private_set: Path, tmp_path: Path) -> None:
    commitment, opening = commit_dataset(private_set)
    other = tmp_path / "other"
    shutil.copytree(private_set, other)
    (other / "truth" / "labels.npy").write_bytes(b"spoilt")
    with pytest.raises(FormatError, match=r"truth/labels\.npy is missing or was changed"):
        verify_commitment(other, commitment, opening)
    with pytest.raises(FormatError, match=r"truth/labels\.npy"):
        commit_dataset(other)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    opening = Opening(nonce="1" * 64, checksum="2" * 64)
    for name, content in (("c", Commitment(commitment=opening.commitment)), ("o", opening)):
        (tmp_path / name).write_text(content.model_dump_json(indent=1))
    assert read_opening(tmp_path / "o") == opening
    assert read_commitment(tmp_path / "c").commitment == opening.commitment
    with pytest.raises(FormatError, match="not a commitment"):
        read_commitment(tmp_path / "o")
    with pytest.raises(FormatError, match="not an opening"):
        read_opening(tmp_path / "c")
