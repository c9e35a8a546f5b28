"""Rows are matched to particles by the name of the stack and the place in it."""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryobench.core import CTFParameters, FormatError, Particles, Poses
from cryobench.io import StackImages
from cryobench.methods.systems.matching import rows_of_particles

PLACES = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0)]


@pytest.fixture
def particles(tmp_path: Path) -> Particles:
    """Five images: two of a/one.mrcs, two of b/one.mrcs, and one of 12_two.mrcs."""
    paths = [tmp_path / "a/one.mrcs", tmp_path / "b/one.mrcs", tmp_path / "12_two.mrcs"]
    for path, count in zip(paths, (2, 2, 1), strict=True):
        path.parent.mkdir(exist_ok=True)
        with mrcfile.new(path) as mrc:
            mrc.set_data(np.zeros((count, 8, 8), np.float32))
            mrc.set_image_stack()
    poses = Poses(np.tile(np.eye(3, dtype=np.float32), (5, 1, 1)), np.zeros((5, 2), np.float32))
    ctf = CTFParameters(np.tile([10_000.0, 10_000, 0, 300, 2.7, 0.1, 0], (5, 1)))
    return Particles(StackImages(paths), poses, ctf, 1.0, -1)


def matched(names: list[str], particles: Particles, order: list[int]) -> list[int]:
    stacks = [names[PLACES[i][0]] for i in order]
    places = np.array([PLACES[i][1] for i in order])
    return rows_of_particles(stacks, places, particles, "file").tolist()


@pytest.mark.parametrize(
    "names",
    [
        ["a/one.mrcs", "b/one.mrcs", "12_two.mrcs"],
        ["/else/where/a/one.mrcs", "/else/where/b/one.mrcs", "two/12_two.mrcs"],
        ["J1/imported/a/0012_one.mrcs", "J1/imported/b/0013_one.mrcs", "J1/imported/77_12_two.mrcs"],
        ["./a/one.mrcs", "b//one.mrcs", "12_two.mrcs"],
    ],
)
def test_folders_tell_stacks_of_one_name_apart(particles: Particles, names: list[str]) -> None:
    order = [3, 0, 4, 1, 2]
    assert matched(names, particles, order) == [1, 3, 4, 0, 2]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["one.mrcs", "b/one.mrcs", "12_two.mrcs"], "file: row 1: 'one.mrcs' may be .*a/one.mrcs or .*b/one.mrcs"),
        (["a/one.mrcs", "b/../b/one.mrcs", "12_two.mrcs"], "file: row 3: 'b/../b/one.mrcs' climbs out"),
        (["a/one.mrcs", "b/\0one.mrcs", "12_two.mrcs"], "climbs out"),
        (["a/one.mrcs", "b/one.mrcs", "two.mrcs"], "file: row 5: 'two.mrcs' is no stack of the dataset"),
        (["a/one.mrcs", "b/one.mrcs", ""], "is no stack of the dataset"),
        (["a/one.mrcs", "a/one.mrcs", "12_two.mrcs"], "file: rows 1 and 3 are the same image, 1 of 'a/one.mrcs'"),
    ],
)
def test_what_cannot_be_told_is_refused(particles: Particles, names: list[str], words: str) -> None:
    with pytest.raises(FormatError, match=words):
        matched(names, particles, [0, 1, 2, 3, 4])


def test_a_place_beyond_the_stack_is_refused(particles: Particles) -> None:
    with pytest.raises(FormatError, match=r"row 1: image 3 of 'a/one.mrcs' is no particle of the dataset"):
        rows_of_particles(["a/one.mrcs"], np.array([2]), particles, "file")


def test_missing_particles_are_named(particles: Particles) -> None:
    names = ["a/one.mrcs", "b/one.mrcs", "12_two.mrcs"]
    words = (
        r"file: 4 of 5 particles are missing: 1 \(000002@one.mrcs\), 2 \(000001@one.mrcs\), 3 .* \.\.\.: run the method"
    )
    with pytest.raises(FormatError, match=words):
        matched(names, particles, [0])
