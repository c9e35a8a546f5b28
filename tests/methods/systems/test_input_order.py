"""Rows put into the order of the particles: by names where there are any, never silently by assumption."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from layouts import BOX, PIXEL_SIZE, N, old_cryodrgn

from cryobench.core import ArrayImages, FormatError, Particles
from cryobench.io import write_cs, write_star
from cryobench.methods.systems import SYSTEMS, Choice, Found

Z = np.random.default_rng(2).normal(size=(N, 2)).astype(np.float32)
ORDER = np.random.default_rng(3).permutation(N)


def read(folder: Path, particles: Particles) -> Found:
    return SYSTEMS["cryodrgn"].read(folder, particles, Choice())


def names(count: int = 20) -> list[tuple[str, int]]:
    """Return stack and place of each particle, of two stacks."""
    return [("particles/000.mrcs", i) if i < count else ("particles/001.mrcs", i - count) for i in range(N)]


def test_a_cs_file_is_matched(tmp_path: Path, in_two_stacks: Particles) -> None:
    images = [names()[i] for i in ORDER]
    rows = [(f">J1/imported/0123456_{Path(stack).name}".encode(), place) for stack, place in images]
    write_cs(tmp_path / "a.cs", np.array(rows, [("blob/path", "S60"), ("blob/idx", "u4")]))
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(tmp_path / "a.cs"))
    found = read(tmp_path / "run", in_two_stacks)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert tmp_path / "a.cs" in found.sources


def test_a_star_file_is_matched_wherever_it_is(tmp_path: Path, in_two_stacks: Particles) -> None:
    images = [names()[i] for i in ORDER]
    named = [f"{place + 1:06d}@/elsewhere/{stack}" for stack, place in images]
    (tmp_path / "far" / "away").mkdir(parents=True)
    star = tmp_path / "far" / "away" / "a.star"
    write_star(star, {"particles": {"rlnImageName": named, "rlnB": ["0"] * N}})
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(star))
    found = read(tmp_path / "run", in_two_stacks)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert any(
        "matched by image names in" in note and "the input that the settings name" in note for note in found.notes
    )


def test_a_list_of_stacks_in_another_order_is_matched(tmp_path: Path, in_two_stacks: Particles) -> None:
    (tmp_path / "a.txt").write_text("x/001.mrcs\n\nx/000.mrcs\n")
    old_cryodrgn(tmp_path / "run", np.vstack((Z[20:], Z[:20])), str(tmp_path / "a.txt"))
    np.testing.assert_array_equal(read(tmp_path / "run", in_two_stacks).submission.latents, Z)


def test_the_datasets_own_list_is_said_to_be_it(tmp_path: Path, particles: Particles) -> None:
    old_cryodrgn(tmp_path / "run", Z, "/gone/particles.txt")  # found beside the stacks by its name
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert any("particles.txt, a file of the dataset" in note for note in found.notes)


def test_a_stack_of_its_own_name_is_matched(tmp_path: Path, particles: Particles) -> None:
    old_cryodrgn(tmp_path / "run", Z, str(tmp_path / "dataset" / "particles" / "000.mrcs"))
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert any("matched by image names" in note for note in found.notes)


@pytest.mark.parametrize("images", ["/gone/other.mrcs", "/gone/other.star", "/gone/a.unknown"])
def test_what_cannot_be_matched_is_said_to_be_assumed(tmp_path: Path, particles: Particles, images: str) -> None:
    old_cryodrgn(tmp_path / "run", Z, images)
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert any("ASSUMED" in note and images in note for note in found.notes)


def test_images_in_memory_have_no_names(tmp_path: Path, particles: Particles) -> None:
    images = ArrayImages(np.zeros((N, BOX, BOX), np.float32))
    unnamed = Particles(images, particles.poses, particles.ctf, PIXEL_SIZE, -1)
    old_cryodrgn(tmp_path / "run", Z, str(tmp_path / "dataset" / "particles.star"))
    assert any("ASSUMED" in note for note in read(tmp_path / "run", unnamed).notes)


@pytest.mark.parametrize("count", [N - 1, N + 1])
def test_another_number_of_rows_is_refused(tmp_path: Path, particles: Particles, count: int) -> None:
    old_cryodrgn(tmp_path / "run", np.resize(Z, (count, 2)), "/gone/other.mrcs")
    with pytest.raises(FormatError, match=f"the output has {count} rows for 48 particles"):
        read(tmp_path / "run", particles)
    old_cryodrgn(tmp_path / "named", np.resize(Z, (count, 2)), str(tmp_path / "dataset" / "particles.star"))
    with pytest.raises(FormatError, match=f"48 images, but the output in .* has {count} rows"):
        read(tmp_path / "named", particles)


def test_a_selection_is_followed(tmp_path: Path, particles: Particles) -> None:
    """The input holds more than the dataset, in another order; the selection takes what the dataset has."""
    rows = [f"{place + 1:06d}@000.mrcs" for place in ORDER]
    mixed = [name for row in rows for name in (row, f"{row[:6]}@other.mrcs")]
    write_star(tmp_path / "a.star", {"particles": {"rlnImageName": mixed, "rlnB": ["0"] * 2 * N}})
    chosen = np.arange(0, 2 * N, 2)[::-1]
    old_cryodrgn(tmp_path / "run", Z[ORDER[::-1]], str(tmp_path / "a.star"), ind="/gone/ind.pkl")
    with pytest.raises(FormatError, match=r"ind: /gone/ind\.pkl, and there is no such file: copy it into"):
        read(tmp_path / "run", particles)
    (tmp_path / "run" / "ind.pkl").write_bytes(pickle.dumps(chosen))
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert tmp_path / "run" / "ind.pkl" in found.sources
    (tmp_path / "run" / "ind.pkl").write_bytes(pickle.dumps(chosen + 2))
    with pytest.raises(FormatError, match=r"a\.star: no image 97"):
        read(tmp_path / "run", particles)
    (tmp_path / "run" / "ind.pkl").write_bytes(pickle.dumps(chosen[:-1]))
    with pytest.raises(FormatError, match=r"ind\.pkl: 47 indices, but the output in .* has 48 rows"):
        read(tmp_path / "run", particles)


def test_a_selection_of_an_input_without_names_is_followed(tmp_path: Path, particles: Particles) -> None:
    old_cryodrgn(tmp_path / "run", Z[ORDER], "/gone/other.mrcs", ind="ind.npy")
    np.save(tmp_path / "run" / "ind.npy", ORDER)
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    np.save(tmp_path / "run" / "ind.npy", np.where(ORDER == 5, 60, ORDER))
    with pytest.raises(FormatError, match="particle 5 is missing"):
        read(tmp_path / "run", particles)


def test_a_value_that_is_no_number_is_named(tmp_path: Path, particles: Particles) -> None:
    broken = Z.copy()
    broken[7, 1] = np.nan
    old_cryodrgn(tmp_path / "run", broken, "/gone/other.mrcs")
    with pytest.raises(FormatError, match=r"z\.4\.pkl: row 7 holds a value that is not finite"):
        read(tmp_path / "run", particles)
