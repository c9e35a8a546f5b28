"""Frames of trajectories, against biotite's reading of the whole file."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from biotite.structure import AtomArray
from biotite.structure.io.dcd import DCDFile
from biotite.structure.io.pdb import PDBFile
from biotite.structure.io.trajfile import TrajectoryFile
from biotite.structure.io.trr import TRRFile
from biotite.structure.io.xtc import XTCFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryobench.core import FormatError, InputError
from cryobench.structures import AtomChoice, Trajectory, superposed
from cryobench.structures import trajectory as module

FILES: dict[str, type[TrajectoryFile]] = {"xtc": XTCFile, "trr": TRRFile, "dcd": DCDFile}
EVERYTHING = AtomChoice(hydrogens=True, waters=True, alternates="all")


def write_topology(path: Path, n_atoms: int) -> Path:
    """Write carbon and hydrogen in turn."""
    atoms = AtomArray(n_atoms)
    atoms.coord[:] = np.random.default_rng(1).normal(size=(n_atoms, 3))
    atoms.element[:] = np.where(np.arange(n_atoms) % 2, "H", "C")
    atoms.atom_name[:] = np.where(np.arange(n_atoms) % 2, "HA", "CA")
    atoms.res_name[:] = "ALA"
    atoms.res_id[:] = np.arange(n_atoms)
    file = PDBFile()
    file.set_structure(atoms)
    file.write(str(path))
    return path


def write_frames(path: Path, coordinates: np.ndarray) -> Path:
    kind = path.suffix[1:]
    file = FILES[kind]()
    file.set_coord(coordinates.astype(np.float32))
    # Without a box some formats have no cell records.
    if coordinates.shape[1] != 5:
        file.set_box(np.tile(np.eye(3, dtype=np.float32) * 50, (len(coordinates), 1, 1)))
    file.write(str(path))
    return path


def some(n_frames: int, n_atoms: int) -> np.ndarray:
    return np.random.default_rng(0).normal(scale=20, size=(n_frames, n_atoms, 3))


# Reading


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("n_atoms", [5, 9, 10, 40])
def test_frames_are_those_of_biotite_in_any_order(tmp_path: Path, kind: str, n_atoms: int) -> None:
    written = some(75, n_atoms)
    frames = write_frames(tmp_path / f"a.{kind}", written)
    trajectory = Trajectory(write_topology(tmp_path / "a.pdb", n_atoms), frames, EVERYTHING)
    expected = FILES[kind].read(str(frames)).get_coord()
    assert len(trajectory) == 75
    rng = np.random.default_rng(2)
    for order in (range(75), reversed(range(75)), rng.permutation(75), [3, 3, 4, 5, 74, 0, 1]):
        for index in order:
            np.testing.assert_array_equal(trajectory.frame(int(index)), expected[index])
    np.testing.assert_allclose(expected, written, atol=0.006 if kind == "xtc" else 1e-4)


@pytest.mark.parametrize("kind", FILES)
def test_atoms_are_chosen_alike_in_topology_and_frames(tmp_path: Path, kind: str) -> None:
    frames = write_frames(tmp_path / f"a.{kind}", some(4, 31))
    topology = write_topology(tmp_path / "a.pdb", 31)
    heavy, whole = Trajectory(topology, frames), Trajectory(topology, frames, EVERYTHING)
    assert heavy.atoms.numbers.tolist() == [6] * 16
    for index in range(4):
        np.testing.assert_array_equal(heavy.frame(index), whole.frame(index)[::2])
    frame = heavy.frame(1)
    frame[:] = 0  # is the caller's own
    np.testing.assert_array_equal(heavy.frame(1), whole.frame(1)[::2])


@pytest.mark.parametrize(
    ("topology", "frames", "n_frames", "n_atoms"),
    [("adk_open.pdb", "adk_dims.dcd", 98, 3341), ("md_1u19.pdb", "md_1u19.xtc", 51, 5547)],
)
def test_real_trajectories(
    cache: Path, capfd: pytest.CaptureFixture[str], topology: str, frames: str, n_frames: int, n_atoms: int
) -> None:
    folder = cache / "trajectories"
    whole = Trajectory(folder / topology, folder / frames, EVERYTHING)
    heavy = Trajectory(folder / topology, folder / frames)
    assert (len(whole), len(whole.atoms)) == (n_frames, n_atoms)
    found = [whole.frame(index) for index in (n_frames - 1, 0, *range(n_frames))][2:]
    assert capfd.readouterr() == ("", "")
    np.testing.assert_array_equal(found, FILES[frames[-3:]].read(str(folder / frames)).get_coord())
    chosen = np.isin(whole.atoms.numbers, heavy.atoms.numbers)
    np.testing.assert_array_equal(heavy.frame(7), found[7][chosen])
    assert set(heavy.atoms.numbers.tolist()) == {6, 7, 8, 16}
    # The topology is a frame of the simulation: in Å, and of the same fold.
    near = superposed(heavy.frame(0), heavy.atoms.coordinates, heavy.atoms.weights)
    assert np.sqrt(((near - heavy.atoms.coordinates) ** 2).sum(axis=1).mean()) < 8


def test_memory_is_bounded_by_what_is_read_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trajectory = Trajectory(
        write_topology(tmp_path / "a.pdb", 20), write_frames(tmp_path / "a.dcd", some(100, 20)), EVERYTHING
    )
    asked: list[tuple[int, int]] = []
    read = type(trajectory._frames).read

    def watched(self: object, start: int, count: int) -> np.ndarray:
        asked.append((start, count))
        return read(self, start, count)

    monkeypatch.setattr(type(trajectory._frames), "read", watched)
    monkeypatch.setattr(module, "_AHEAD_BYTES", 12 * 20 * 16)
    for index in range(100):
        trajectory.frame(index)
    trajectory.frame(50)
    assert asked == [(0, 1), *((start, 16) for start in range(1, 97, 16)), (97, 3), (50, 1)]


def test_threads_share_a_trajectory(tmp_path: Path) -> None:
    frames = write_frames(tmp_path / "a.xtc", some(60, 30))
    trajectory = Trajectory(write_topology(tmp_path / "a.pdb", 30), frames, EVERYTHING)
    expected = XTCFile.read(str(frames)).get_coord()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(trajectory.frame, [*range(60), *reversed(range(60))]))
    np.testing.assert_array_equal(found, np.concatenate([expected, expected[::-1]]))


# Variants of the formats


def trr_frame(n_atoms: int, kind: str, positions: np.ndarray | None, velocities: np.ndarray | None) -> bytes:
    width = np.dtype(kind).itemsize
    sizes = [
        0,
        0,
        9 * width,
        0,
        0,
        0,
        0,
        *(0 if part is None else part.size * width for part in (positions, velocities)),
    ]
    head = struct.pack(">3i12s13i", 1993, 13, 12, b"GMX_trn_file", *sizes, 0, n_atoms, 0, 0) + bytes(2 * width)
    parts = [np.eye(3), *(part for part in (positions, velocities) if part is not None)]
    return head + b"".join(part.astype(kind).tobytes() for part in parts)


@pytest.mark.parametrize("kind", [">f4", ">f8"])
def test_trr_without_positions_in_some_frames(tmp_path: Path, kind: str) -> None:
    written = some(3, 12)
    content = b"".join(
        trr_frame(12, kind, frame, velocities) + trr_frame(12, kind, None, frame)
        for frame, velocities in zip(written / 10, [None, written[0], None], strict=True)
    )
    (tmp_path / "a.trr").write_bytes(content)
    trajectory = Trajectory(write_topology(tmp_path / "a.pdb", 12), tmp_path / "a.trr", EVERYTHING)
    assert len(trajectory) == 3
    for index in (2, 0, 1):
        np.testing.assert_allclose(trajectory.frame(index), written[index], atol=1e-5 if kind == ">f4" else 1e-12)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("cell", "fourth", "charmm"), [(0, 0, 24), (1, 0, 24), (1, 1, 24), (1, 0, 0)])
def test_dcd_of_either_byte_order_with_its_extras(
    tmp_path: Path, order: str, cell: int, fourth: int, charmm: int
) -> None:
    written = some(4, 7)

    def record(content: bytes) -> bytes:
        length = struct.pack(f"{order}i", len(content))
        return length + content + length

    control = [0] * 20
    control[0], control[10], control[11], control[19] = 999, cell, fourth, charmm
    content = record(b"CORD" + struct.pack(f"{order}20i", *control))
    content += record(struct.pack(f"{order}i", 1) + b"title".ljust(80)) + record(struct.pack(f"{order}i", 7))
    for frame in written:
        if cell and charmm:
            content += record(bytes(48))
        axes = [*frame.T, *([frame[:, 0]] if fourth and charmm else [])]
        content += b"".join(record(axis.astype(f"{order}f4").tobytes()) for axis in axes)
    (tmp_path / "a.dcd").write_bytes(content)
    trajectory = Trajectory(write_topology(tmp_path / "a.pdb", 7), tmp_path / "a.dcd", EVERYTHING)
    assert len(trajectory) == 4
    np.testing.assert_allclose([trajectory.frame(index) for index in range(4)], written, rtol=1e-6)


# What is wrong


@pytest.mark.parametrize("kind", FILES)
def test_other_numbers_of_atoms_are_refused(tmp_path: Path, kind: str) -> None:
    topology, frames = write_topology(tmp_path / "a.pdb", 12), write_frames(tmp_path / f"b.{kind}", some(2, 11))
    with pytest.raises(FormatError, match=rf"a\.pdb has 12 atoms, but .*b\.{kind} has 11: give the topology"):
        Trajectory(topology, frames)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("content", [b"", b"hello world" * 100, bytes(1000)])
def test_other_files_are_refused(tmp_path: Path, kind: str, content: bytes) -> None:
    path = tmp_path / f"b.{kind}"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=rf"b\.{kind}: (cannot be read as a|holds no frame)"):
        Trajectory(write_topology(tmp_path / "a.pdb", 12), path)


def test_a_name_that_biotraj_cannot_open_is_said_to_be_so(tmp_path: Path) -> None:
    frames = write_frames(tmp_path / "a.xtc", some(2, 12)).rename(tmp_path / "Å.xtc")
    trajectory = Trajectory(write_topology(tmp_path / "a.pdb", 12), frames)
    with pytest.raises(FormatError, match=r"plain \(ASCII\) paths only: link to it"):
        trajectory.frame(0)


def test_missing_files_and_frames(tmp_path: Path) -> None:
    topology = write_topology(tmp_path / "a.pdb", 12)
    with pytest.raises(FormatError, match=r"b\.xtc: no such file"):
        Trajectory(topology, tmp_path / "b.xtc")
    with pytest.raises(FormatError, match=r"not a trajectory: expected one of \.xtc, \.trr, \.dcd"):
        Trajectory(topology, tmp_path / "b.txt")
    with pytest.raises(FormatError, match=r"c\.pdb: no such file"):
        Trajectory(tmp_path / "c.pdb", topology)
    trajectory = Trajectory(topology, write_frames(tmp_path / "a.trr", some(2, 12)))
    for index in (-1, 2):
        with pytest.raises(InputError, match=f"has no frame {index}: choose from 0 to 1"):
            trajectory.frame(index)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("n_atoms", [9, 30])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_what_is_cut_within_a_frame_is_refused(tmp_path: Path, kind: str, n_atoms: int, data: st.DataObject) -> None:
    whole = write_frames(tmp_path / f"a.{kind}", some(3, n_atoms)).read_bytes()
    topology = write_topology(tmp_path / "a.pdb", n_atoms)
    cut = tmp_path / f"b.{kind}"
    cut.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    try:
        trajectory = Trajectory(topology, cut)
    except FormatError as error:
        assert str(cut) in str(error)  # noqa: PT017 (either outcome is right)
    else:  # cut between frames
        assert len(trajectory) < 3
        full = Trajectory(topology, tmp_path / f"a.{kind}")
        for index in range(len(trajectory)):
            np.testing.assert_array_equal(trajectory.frame(index), full.frame(index))


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_shrinks_is_noticed(tmp_path: Path, kind: str) -> None:
    path = write_frames(tmp_path / f"a.{kind}", some(3, 30))
    trajectory = Trajectory(write_topology(tmp_path / "a.pdb", 30), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(FormatError, match="frames from 2 on cannot be read"):
        trajectory.frame(2)


@pytest.mark.parametrize("kind", ["trr", "dcd"])
def test_positions_that_are_no_numbers_are_refused(tmp_path: Path, kind: str) -> None:
    coordinates = some(2, 12)
    coordinates[1, 4] = np.nan
    trajectory = Trajectory(write_topology(tmp_path / "a.pdb", 12), write_frames(tmp_path / f"a.{kind}", coordinates))
    assert np.isfinite(trajectory.frame(0)).all()
    with pytest.raises(FormatError, match="a position is no number"):
        trajectory.frame(1)
