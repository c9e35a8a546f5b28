"""Rows put into the order of the particles: by names, or by the user's word; never by assumption."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from layouts import BOX, PIXEL_SIZE, N, old_cryodrgn

from cryobench.core import ArrayImages, FormatError, InputError, Particles
from cryobench.io import open_images, write_cs, write_star
from cryobench.methods.systems import SYSTEMS, Choice, Found

Z = np.random.default_rng(2).normal(size=(N, 2)).astype(np.float32)
ORDER = np.random.default_rng(3).permutation(N)


def read(folder: Path, particles: Particles, choice: Choice | None = None) -> Found:
    return SYSTEMS["cryodrgn"].read(folder, particles, choice or Choice())


def write_shuffled_star(path: Path) -> Path:
    """Write the images of one stack in another order."""
    named = [f"{place + 1:06d}@000.mrcs" for place in ORDER]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_star(path, {"particles": {"rlnImageName": named, "rlnB": ["0"] * N}})
    return path


def names(count: int = 20) -> list[tuple[str, int]]:
    """Return stack and place of each particle, of two stacks."""
    return [("particles/000.mrcs", i) if i < count else ("particles/001.mrcs", i - count) for i in range(N)]


def test_a_cs_file_is_matched(tmp_path: Path, in_two_stacks: Particles) -> None:
    images = [names()[i] for i in ORDER]
    rows = [(f">J1/imported/0123456_{Path(stack).name}".encode(), place) for stack, place in images]
    (tmp_path / "run").mkdir()
    write_cs(tmp_path / "run" / "a.cs", np.array(rows, [("blob/path", "S60"), ("blob/idx", "u4")]))
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(tmp_path / "run" / "a.cs"))
    found = read(tmp_path / "run", in_two_stacks)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert tmp_path / "run" / "a.cs" in found.sources


@pytest.mark.parametrize("place", ["dataset", "dataset/particles", "run", "run/further/below"])
def test_a_list_in_the_dataset_or_the_output_is_matched(tmp_path: Path, particles: Particles, place: str) -> None:
    star = write_shuffled_star(tmp_path / place / "a.star")
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(star))
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    what = "in the output" if place.startswith("run") else "a file of the dataset"
    assert f"order of the particles: matched by image names in {star}, {what}" in found.notes
    assert star in found.sources


def test_a_list_elsewhere_is_opened_only_where_the_user_gives_it(tmp_path: Path, particles: Particles) -> None:
    star = write_shuffled_star(tmp_path / "far" / "away" / "a.star")
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(star))
    with pytest.raises(FormatError, match=r"order of the rows is not known: .*a\.star, lies neither in.*--images FILE"):
        read(tmp_path / "run", particles)
    found = read(tmp_path / "run", particles, Choice(images=star))
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert f"order of the particles: matched by image names in {star}, the list that was given" in found.notes
    assert star in found.sources


def test_no_file_of_the_dataset_stands_for_another_that_is_there(tmp_path: Path, particles: Particles) -> None:
    """The run's own particles.star has another order than the dataset's."""
    star = write_shuffled_star(tmp_path / "far" / "particles.star")
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(star))
    with pytest.raises(FormatError, match="lies neither in the dataset nor in the output"):
        read(tmp_path / "run", particles)
    star.rename(tmp_path / "run" / "particles.star")
    np.testing.assert_array_equal(read(tmp_path / "run", particles).submission.latents, Z)


@pytest.mark.parametrize("place", ["dataset", "run"])
def test_a_link_out_of_the_folders_is_not_followed(tmp_path: Path, particles: Particles, place: str) -> None:
    star = write_shuffled_star(tmp_path / "far" / "a.star")
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(tmp_path / place / "a.star"))
    (tmp_path / place / "a.star").symlink_to(star)
    with pytest.raises(FormatError, match="lies neither in the dataset nor in the output"):
        read(tmp_path / "run", particles)
    (tmp_path / place / "a.star").unlink()
    (tmp_path / place / "a.star").symlink_to(tmp_path / place / "a.star")  # in a circle
    with pytest.raises(FormatError, match="order of the rows is not known"):
        read(tmp_path / "run", particles)


def test_a_dataset_of_links_is_the_datasets(tmp_path: Path, particles: Particles) -> None:
    """Folders that the user gives may be links themselves."""
    (tmp_path / "link").symlink_to(tmp_path / "dataset")
    linked = open_images(tmp_path / "link" / "particles.txt")
    write_shuffled_star(tmp_path / "dataset" / "a.star")
    old_cryodrgn(tmp_path / "run", Z[ORDER], "/gone/a.star")
    found = read(tmp_path / "run", Particles(linked, particles.poses, particles.ctf, PIXEL_SIZE, -1))
    np.testing.assert_array_equal(found.submission.latents, Z)


def test_a_list_of_stacks_in_another_order_is_matched(tmp_path: Path, in_two_stacks: Particles) -> None:
    (tmp_path / "two" / "a.txt").write_text("x/001.mrcs\n\nx/000.mrcs\n")
    old_cryodrgn(tmp_path / "run", np.vstack((Z[20:], Z[:20])), str(tmp_path / "two" / "a.txt"))
    np.testing.assert_array_equal(read(tmp_path / "run", in_two_stacks).submission.latents, Z)


def test_the_datasets_own_list_is_said_to_be_it(tmp_path: Path, particles: Particles) -> None:
    old_cryodrgn(tmp_path / "run", Z, "/gone/particles.txt")  # found beside the stacks by its name
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    wanted = "particles.txt, a file of the dataset, of the name that the settings give (/gone/particles.txt)"
    assert any(wanted in note for note in found.notes)


@pytest.mark.parametrize("stack", ["/gone/000.mrcs", "/gone/0123456_000.mrcs"])
def test_a_stack_of_the_datasets_name_is_matched(tmp_path: Path, particles: Particles, stack: str) -> None:
    old_cryodrgn(tmp_path / "run", Z, stack)
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert any(f"the stack that the settings name, {stack}, the dataset's of that name" in note for note in found.notes)
    assert not any(source.suffix == ".mrcs" for source in found.sources)


UNKNOWN = {
    "/gone/other.mrcs": r"is of other stacks \(/gone/other\.mrcs: '/gone/other\.mrcs' is no stack of the dataset",
    "/gone/other.star": "is not there",
    "/gone/a.unknown": r"is none of \.star, \.cs, \.txt",
    "a\0.star": "is none of",
    "a" * 5000 + ".star": "cannot be looked for",
    "run.txt": r"is of other stacks \(.*run\.txt: line 2: 'b\.mrcs' is no stack of the dataset",
    "empty.txt": "names no stack",
}


@pytest.mark.parametrize("images", UNKNOWN)
def test_what_cannot_be_matched_takes_the_users_word(tmp_path: Path, particles: Particles, images: str) -> None:
    old_cryodrgn(tmp_path / "run", Z, images)
    (tmp_path / "run" / "run.txt").write_text("000.mrcs\nb.mrcs\n")
    (tmp_path / "run" / "empty.txt").write_text("\n")
    why = rf"config\.pkl: the order of the rows is not known: the input of the run, .*{UNKNOWN[images]}"
    with pytest.raises(
        FormatError, match=rf"(?s){why}.*\(\.star, \.cs, \.txt, \.mrcs\) with --images FILE; .*--in-order"
    ):
        read(tmp_path / "run", particles)
    found = read(tmp_path / "run", particles, Choice(in_order=True))
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert any("that of the dataset, as was said (--in-order)" in note for note in found.notes)


def test_settings_without_an_input_take_the_users_word(tmp_path: Path, particles: Particles) -> None:
    old_cryodrgn(tmp_path / "run", Z[ORDER], "")
    with pytest.raises(FormatError, match="is not known: they name no input of the run: give the list"):
        read(tmp_path / "run", particles)
    star = write_shuffled_star(tmp_path / "far" / "a.star")
    np.testing.assert_array_equal(read(tmp_path / "run", particles, Choice(images=star)).submission.latents, Z)
    np.testing.assert_array_equal(read(tmp_path / "run", particles, Choice(in_order=True)).submission.latents, Z[ORDER])


def test_the_users_word_does_not_stand_against_a_list(tmp_path: Path, particles: Particles) -> None:
    star = write_shuffled_star(tmp_path / "run" / "a.star")
    old_cryodrgn(tmp_path / "run", Z[ORDER], str(star))
    with pytest.raises(FormatError, match=r"a\.star: .* in another order than the dataset: leave --in-order out"):
        read(tmp_path / "run", particles, Choice(in_order=True))
    with pytest.raises(InputError, match="give one"):
        Choice(images=star, in_order=True)


@pytest.mark.parametrize("suffix", [".txt", ".cs", ".mrcs"])
def test_a_given_list_may_be_of_any_kind(tmp_path: Path, in_two_stacks: Particles, suffix: str) -> None:
    """Among others, the list of the stacks' own paths that a runner leaves beside an output."""
    path, order = tmp_path / "native" / "inputs" / f"particles{suffix}", np.arange(N)
    path.parent.mkdir(parents=True)
    if suffix == ".txt":
        path.write_text("".join(f"{tmp_path / 'two' / 'particles' / name}\n" for name in ("001.mrcs", "000.mrcs")))
        order = np.roll(order, -20)
    elif suffix == ".cs":
        rows = [(stack.encode(), place) for stack, place in names()]
        write_cs(path, np.array(rows, [("blob/path", "S60"), ("blob/idx", "u4")]))
    else:
        path.write_bytes(b"never opened")
    old_cryodrgn(tmp_path / "native" / "output", Z[order], str(path))
    choice = Choice(images=path)
    if suffix == ".mrcs":
        with pytest.raises(FormatError, match=r"particles\.mrcs' is no stack of the dataset"):
            read(tmp_path / "native" / "output", in_two_stacks, choice)
        return
    found = read(tmp_path / "native" / "output", in_two_stacks, choice)
    np.testing.assert_array_equal(found.submission.latents, Z)


def test_a_given_list_must_fit(tmp_path: Path, particles: Particles) -> None:
    old_cryodrgn(tmp_path / "run", Z, "/gone/a.star")
    for name, message in (("a.npy", "no list of images: expected one of"), ("b.star", "no block")):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(FormatError, match=message):
            read(tmp_path / "run", particles, Choice(images=tmp_path / name))
    with pytest.raises(InputError, match=r"--images .*gone\.star: no such file"):
        read(tmp_path / "run", particles, Choice(images=tmp_path / "gone.star"))
    with pytest.raises(InputError, match="names no file of a selection: leave --ind out"):
        read(tmp_path / "run", particles, Choice(ind=tmp_path / "a.npy"))


def test_images_in_memory_have_no_names(tmp_path: Path, particles: Particles) -> None:
    images = ArrayImages(np.zeros((N, BOX, BOX), np.float32))
    unnamed = Particles(images, particles.poses, particles.ctf, PIXEL_SIZE, -1)
    old_cryodrgn(tmp_path / "run", Z, str(tmp_path / "dataset" / "particles.star"))
    with pytest.raises(FormatError, match=r"not known: .* the dataset's images have no names"):
        read(tmp_path / "run", unnamed)
    np.testing.assert_array_equal(read(tmp_path / "run", unnamed, Choice(in_order=True)).submission.latents, Z)


@pytest.mark.parametrize("count", [N - 1, N + 1])
def test_another_number_of_rows_is_refused(tmp_path: Path, particles: Particles, count: int) -> None:
    old_cryodrgn(tmp_path / "run", np.resize(Z, (count, 2)), "/gone/other.mrcs")
    with pytest.raises(FormatError, match=f"the output has {count} rows for 48 particles"):
        read(tmp_path / "run", particles, Choice(in_order=True))
    old_cryodrgn(tmp_path / "named", np.resize(Z, (count, 2)), str(tmp_path / "dataset" / "particles.star"))
    with pytest.raises(FormatError, match=f"48 images, but the output in .* has {count} rows"):
        read(tmp_path / "named", particles)


def test_a_selection_is_followed(tmp_path: Path, particles: Particles) -> None:
    """The input holds more than the dataset, in another order; the selection takes what the dataset has."""
    rows = [f"{place + 1:06d}@000.mrcs" for place in ORDER]
    mixed = [name for row in rows for name in (row, f"{row[:6]}@other.mrcs")]
    write_star(tmp_path / "dataset" / "a.star", {"particles": {"rlnImageName": mixed, "rlnB": ["0"] * 2 * N}})
    chosen = np.arange(0, 2 * N, 2)[::-1]
    old_cryodrgn(tmp_path / "run", Z[ORDER[::-1]], "a.star", ind="/gone/ind.pkl")
    with pytest.raises(FormatError, match=r"ind: /gone/ind\.pkl, which is not there: give it with --ind FILE, copy it"):
        read(tmp_path / "run", particles)
    (tmp_path / "far.pkl").write_bytes(pickle.dumps(chosen))
    given = read(tmp_path / "run", particles, Choice(ind=tmp_path / "far.pkl"))
    np.testing.assert_array_equal(given.submission.latents, Z)
    assert tmp_path / "far.pkl" in given.sources
    with pytest.raises(InputError, match=r"--ind .*none\.pkl: no such file"):
        read(tmp_path / "run", particles, Choice(ind=tmp_path / "none.pkl"))
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


def test_a_selection_elsewhere_is_not_opened(tmp_path: Path, particles: Particles) -> None:
    ind = tmp_path / "far" / "ind.npy"
    ind.parent.mkdir()
    np.save(ind, np.arange(N))
    old_cryodrgn(tmp_path / "run", Z, "particles.star", ind=str(ind))
    with pytest.raises(FormatError, match=r"ind\.npy, which lies neither in the dataset nor in the output"):
        read(tmp_path / "run", particles)
    ind.replace(tmp_path / "run" / "ind.npy")
    np.testing.assert_array_equal(read(tmp_path / "run", particles).submission.latents, Z)


def test_a_selection_of_an_input_without_names_takes_the_users_word(tmp_path: Path, particles: Particles) -> None:
    old_cryodrgn(tmp_path / "run", Z[ORDER], "/gone/other.mrcs", ind="ind.npy")
    np.save(tmp_path / "run" / "ind.npy", ORDER)
    with pytest.raises(FormatError, match="order of the rows is not known"):
        read(tmp_path / "run", particles)
    found = read(tmp_path / "run", particles, Choice(in_order=True))
    np.testing.assert_array_equal(found.submission.latents, Z)
    np.save(tmp_path / "run" / "ind.npy", np.where(ORDER == 5, 60, ORDER))
    with pytest.raises(FormatError, match="particle 5 is missing"):
        read(tmp_path / "run", particles, Choice(in_order=True))


def test_a_value_that_is_no_number_is_named(tmp_path: Path, particles: Particles) -> None:
    broken = Z.copy()
    broken[7, 1] = np.nan
    old_cryodrgn(tmp_path / "run", broken, "particles.star")
    with pytest.raises(FormatError, match=r"z\.4\.pkl: row 7 holds a value that is not finite"):
        read(tmp_path / "run", particles)
