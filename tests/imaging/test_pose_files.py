from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import starfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cryobench.core import CTFParameters, FormatError, InputError, Poses
from cryobench.imaging import cryosparc_particles, ctf_from_cs, load_ctf_table, load_poses, particle_tables
from cryobench.io import read_cs, write_cs, write_poses, write_star

BOX, PIXEL_SIZE = 64, 2.5
CTF_ROW = [15000.5, 14000.25, 30.125, 300.0, 2.7, 0.1, 12.5]


def ctf_of(n: int) -> CTFParameters:
    table = np.tile(np.array(CTF_ROW), (n, 1))
    table[1::2, 3:6] = (200.0, 1.4, 0.07)  # a second microscope
    return CTFParameters(table)


def poses_of(angles: list[tuple[float, float, float]], shifts: list[tuple[float, float]]) -> Poses:
    rotations = Rotation.from_euler("ZYZ", angles, degrees=True).as_matrix()
    return Poses(rotations.astype(np.float32), np.array(shifts, dtype=np.float32))


def names_of(n: int) -> tuple[list[str], np.ndarray]:
    return [f"particles/{i // 2:03d}.mrcs" for i in range(n)], np.arange(n) % 2


def write_pkl(path: Path, poses: Poses) -> None:
    write_poses(path, poses, BOX, PIXEL_SIZE)


def write_relion(path: Path, poses: Poses) -> None:
    stacks, positions = names_of(len(poses))
    images = [f"{position + 1:06d}@{stack}" for stack, position in zip(stacks, positions, strict=True)]
    write_star(path, particle_tables(images, poses, ctf_of(len(poses)), BOX, PIXEL_SIZE))


def write_cryosparc(path: Path, poses: Poses) -> None:
    stacks, positions = names_of(len(poses))
    write_cs(path, cryosparc_particles(stacks, positions, poses, ctf_of(len(poses)), BOX, PIXEL_SIZE, -1))


WRITERS = {".pkl": write_pkl, ".star": write_relion, ".cs": write_cryosparc}
any_angle = st.floats(-180, 180)
tilts = st.one_of(st.sampled_from([0.0, 180.0, 1e-6, 180 - 1e-6, 90.0]), st.floats(0, 180))
shift = st.floats(-100, 100, width=32)


@pytest.mark.parametrize("suffix", WRITERS)
@given(
    particles=st.lists(
        st.tuples(st.tuples(any_angle, tilts, any_angle), st.tuples(shift, shift)), min_size=1, max_size=6
    )
)
@settings(max_examples=60, deadline=None)
def test_poses_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    particles: list[tuple[tuple[float, float, float], tuple[float, float]]],
) -> None:
    path = tmp_path_factory.mktemp("poses") / f"p{suffix}"
    poses = poses_of([angles for angles, _ in particles], [shift for _, shift in particles])
    WRITERS[suffix](path, poses)
    found = load_poses(path, BOX, PIXEL_SIZE)
    np.testing.assert_allclose(found.rotations, poses.rotations, atol=1e-5)
    np.testing.assert_allclose(found.shifts / PIXEL_SIZE, poses.shifts / PIXEL_SIZE, atol=1e-3)


@pytest.mark.parametrize("suffix", WRITERS)
def test_turns_that_are_none_or_a_half_come_back(tmp_path: Path, suffix: str) -> None:
    turns = [np.zeros(3), *(np.pi * np.eye(3)), *(-np.pi * np.eye(3)), [1e-9, 0, 0], [0, 0, np.pi - 1e-7]]
    poses = Poses(Rotation.from_rotvec(turns).as_matrix().astype(np.float32), np.zeros((len(turns), 2), np.float32))
    WRITERS[suffix](tmp_path / f"p{suffix}", poses)
    np.testing.assert_allclose(load_poses(tmp_path / f"p{suffix}", 64, 2.5).rotations, poses.rotations, atol=1e-6)


def test_star_is_read_by_another_parser(tmp_path: Path) -> None:
    poses = poses_of([(10, 20, 30), (-170, 0, 50), (3, 180, -4)], [(1.5, -2.5), (0, 0), (-30.25, 12.125)])
    write_relion(tmp_path / "p.star", poses)
    blocks = starfile.read(tmp_path / "p.star")
    assert list(blocks) == ["optics", "particles"]
    particles = blocks["particles"].merge(blocks["optics"], on="rlnOpticsGroup", how="left")
    assert list(particles["rlnImageName"]) == [
        "000001@particles/000.mrcs",
        "000002@particles/000.mrcs",
        "000001@particles/001.mrcs",
    ]
    assert set(particles["rlnImageSize"]) == {BOX}
    assert set(particles["rlnImagePixelSize"]) == {PIXEL_SIZE}
    np.testing.assert_allclose(particles[["rlnOriginXAngst", "rlnOriginYAngst"]], poses.shifts, atol=1e-5)
    # RELION: the angles turn the frame of the volume, R^T = Rz(rot) Ry(tilt) Rz(psi), about the moving axes.
    angles = particles[["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"]].to_numpy()
    frame = Rotation.from_euler("ZYZ", angles, degrees=True).as_matrix()
    np.testing.assert_allclose(frame.transpose(0, 2, 1), poses.rotations, atol=1e-6)
    columns = ["DefocusU", "DefocusV", "DefocusAngle", "Voltage", "SphericalAberration", "AmplitudeContrast"]
    found = particles[[f"rln{column}" for column in [*columns, "PhaseShift"]]]
    np.testing.assert_allclose(found.to_numpy(dtype=float), ctf_of(3).table)


def test_cryosparc_table_says_what_cryosparc_means(tmp_path: Path) -> None:
    poses = poses_of([(10, 20, 30), (-170, 40, 50), (3, 4, 5)], [(1.5, -2.5), (0, 0), (-30.25, 12.125)])
    write_cryosparc(tmp_path / "p.cs", poses)
    table = np.load(tmp_path / "p.cs")
    assert len(np.unique(table["uid"])) == 3
    assert [(path.decode(), int(idx)) for path, idx in zip(table["blob/path"], table["blob/idx"], strict=True)] == [
        ("particles/000.mrcs", 0),
        ("particles/000.mrcs", 1),
        ("particles/001.mrcs", 0),
    ]
    assert (table["blob/shape"] == BOX).all()
    assert (table["blob/sign"] == 1).all()
    np.testing.assert_allclose(table["blob/psize_A"], PIXEL_SIZE)
    np.testing.assert_allclose(table["alignments3D/shift"], poses.shifts / PIXEL_SIZE, rtol=1e-6)
    # The exponential of the vector's cross-product matrix, by its series.
    x, y, z = table["alignments3D/pose"].astype(np.float64).T
    zero = np.zeros_like(x)
    cross = np.moveaxis(np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]), 2, 0)
    term = total = np.tile(np.eye(3), (3, 1, 1))
    for power in range(1, 30):
        term = term @ cross / power
        total = total + term
    np.testing.assert_allclose(total.transpose(0, 2, 1), poses.rotations, atol=1e-6)
    np.testing.assert_allclose(np.rad2deg(table["ctf/df_angle_rad"]), CTF_ROW[2], rtol=1e-6)


def test_cryosparc_numbers_are_its_own() -> None:
    stacks, positions = names_of(4)
    poses = poses_of([(1, 2, 3)] * 4, [(0, 0)] * 4)
    first = cryosparc_particles(stacks, positions, poses, ctf_of(4), BOX, PIXEL_SIZE, 1)
    np.testing.assert_array_equal(first, cryosparc_particles(stacks, positions, poses, ctf_of(4), BOX, PIXEL_SIZE, 1))
    other = cryosparc_particles(stacks, positions, poses, ctf_of(4), BOX, 3.0, 1)
    assert not set(first["uid"].tolist()) & set(other["uid"].tolist())
    assert (first["blob/sign"] == -1).all()
    with pytest.raises(InputError, match="4 poses, 3 CTF rows, 4 stacks and 4 positions"):
        cryosparc_particles(stacks, positions, poses, ctf_of(3), BOX, PIXEL_SIZE, 1)


def test_ctf_comes_back(tmp_path: Path) -> None:
    poses = poses_of([(1, 2, 3)] * 3, [(0, 0)] * 3)
    for suffix in (".star", ".cs"):
        WRITERS[suffix](tmp_path / f"p{suffix}", poses)
        found = load_ctf_table(tmp_path / f"p{suffix}")
        assert found.table.dtype == np.float64
        np.testing.assert_allclose(found.table, ctf_of(3).table, rtol=1e-6)


def test_relion_3_0_has_everything_among_the_particles(tmp_path: Path) -> None:
    angles, optics = "_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n", "_rlnVoltage\n_rlnSphericalAberration\n"
    header = f"data_\n\nloop_\n{angles}_rlnOriginX\n_rlnOriginY\n_rlnDefocusU\n_rlnDefocusV\n_rlnDefocusAngle\n{optics}"
    rows = "10 20 30 1.5 -2 15000 14000 45 300 2.7 0.1\n-10 180 30 0 0 15000 14000 45 300 2.7 0.1\n"
    (tmp_path / "p.star").write_text(f"{header}_rlnAmplitudeContrast\n{rows}")
    found = load_poses(tmp_path / "p.star", BOX, PIXEL_SIZE)
    np.testing.assert_allclose(found.shifts, [[1.5 * PIXEL_SIZE, -2 * PIXEL_SIZE], [0, 0]])
    frame = Rotation.from_euler("ZYZ", [(10, 20, 30), (-10, 180, 30)], degrees=True).as_matrix()
    np.testing.assert_allclose(found.rotations, frame.transpose(0, 2, 1), atol=1e-6)
    np.testing.assert_allclose(load_ctf_table(tmp_path / "p.star").table, [[15000, 14000, 45, 300, 2.7, 0.1, 0]] * 2)


ANGLES = "_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n_rlnOriginX\n_rlnOriginY\n"


@pytest.mark.parametrize(
    "text",
    [
        f"data_\nloop_\n{ANGLES}_rlnDetectorPixelSize\n_rlnMagnification\n1 2 3 4 -8 5 10000\n1 2 3 1 0 5 0\n",
        "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n1 5.0\n2 0\n\ndata_particles\nloop_\n"
        f"{ANGLES}_rlnOpticsGroup\n1 2 3 4 -8 1\n1 2 3 1 0 2\n",
    ],
)
def test_origins_are_in_pixels_of_the_file(tmp_path: Path, text: str) -> None:
    """5 Å/px is what the first row says, nothing the second."""
    (tmp_path / "p.star").write_text(text)
    np.testing.assert_allclose(load_poses(tmp_path / "p.star", BOX, PIXEL_SIZE).shifts, [[20, -40], [PIXEL_SIZE, 0]])


@pytest.mark.parametrize("wrap", [lambda r: r, lambda r: (r,), lambda r: (r, None), list])
def test_rotations_alone_have_no_shift(tmp_path: Path, wrap: Callable[[np.ndarray], object]) -> None:
    rotations = poses_of([(1, 2, 3), (4, 5, 6)], [(0, 0)] * 2).rotations
    (tmp_path / "p.pkl").write_bytes(pickle.dumps(wrap(rotations.astype(np.float64))))
    found = load_poses(tmp_path / "p.pkl", BOX, PIXEL_SIZE)
    np.testing.assert_array_equal(found.rotations, rotations)
    assert not found.shifts.any()


def test_a_missing_shift_is_zero(tmp_path: Path) -> None:
    (tmp_path / "p.star").write_text("data_\nloop_\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n1 2 3\n")
    table = np.zeros(1, dtype=[("alignments3D/pose", "<f4", (3,))])
    write_cs(tmp_path / "p.cs", table)
    for name in ("p.star", "p.cs"):
        assert not load_poses(tmp_path / name, BOX, PIXEL_SIZE).shifts.any()


def test_shifts_of_a_coarser_refinement_are_in_its_own_pixels(tmp_path: Path) -> None:
    write_cryosparc(tmp_path / "p.cs", poses_of([(1, 2, 3)], [(5.0, -10.0)]))
    table = read_cs(tmp_path / "p.cs")
    table["alignments3D/psize_A"] *= 2
    table["alignments3D/shift"] /= 2
    write_cs(tmp_path / "p.cs", table)
    np.testing.assert_allclose(load_poses(tmp_path / "p.cs", BOX, PIXEL_SIZE).shifts, [[5, -10]], rtol=1e-6)


STAR = "data_\nloop_\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n_rlnOriginXAngst\n_rlnOriginYAngst\n"
CS = {"alignments3D/pose": (3,), "alignments3D/shift": (2,), "alignments3D/psize_A": ()}
R = np.eye(3)[None]


def star(text: str) -> Callable[[Path], None]:
    return lambda path: path.with_suffix(".star").write_text(text) and None


def pkl(content: object) -> Callable[[Path], None]:
    return lambda path: path.with_suffix(".pkl").write_bytes(pickle.dumps(content)) and None


def cs(value: float = 1.0, **shapes: tuple[int, ...]) -> Callable[[Path], None]:
    fields = {**CS, **{f"alignments3D/{name}": shape for name, shape in shapes.items()}}

    def write(path: Path) -> None:
        table = np.zeros(2, dtype=[(name, "<f8", shape) for name, shape in fields.items() if shape != (0,)])
        for name in table.dtype.names or ():
            table[name] = value
        write_cs(path.with_suffix(".cs"), table)

    return write


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (star(STAR.replace("AngleTilt", "Tilt") + "1 2 3 4 5\n"), "no column rlnAngleTilt among the particles"),
        (star(STAR.replace("AngleRot", "Rot") + "1 2 3 4 5\n"), "no block has a column rlnAngleRot"),
        (star(STAR + "1 2 much 4 5\n"), "column rlnAnglePsi cannot be read: row 1 holds 'much', expected a number"),
        (star(STAR + "1 2 3 4 5\n1 2 3 4 inf\n"), r"shifts holds a value that is not finite at index \(1, 1\)"),
        (star(STAR + "1 2 3 4 1e300\n"), "shifts holds a value that is not finite"),
        (star(STAR + "nan 2 3 4 5\n"), "not finite"),
        (pkl((R, np.zeros((2, 2)))), r"shifts has shape \(2, 2\), expected \(1, 2\)"),
        (pkl((R, np.full((1, 2), 5.0))), "shift of particle 0 is larger than the box: expected fractions"),
        (pkl((R, np.zeros((1, 2)), 3)), "expected a tuple of rotations"),
        (pkl({"rotations": R}), "expected a tuple of rotations"),
        (pkl(()), "expected a tuple of rotations"),
        (pkl(np.zeros((0, 3))), "rotations has shape"),
        (pkl(2 * R), "rotation of particle 0 is not orthogonal"),
        (pkl((R, np.array(["a"]))), "p.pkl: "),
        (cs(pose=(0,)), "no field alignments3D/pose"),
        (cs(psize_A=(0,)), "no field alignments3D/psize_A"),
        (cs(pose=(2,)), "field alignments3D/pose has type .* expected 3 numbers a particle"),
        (cs(shift=(3,)), "field alignments3D/shift has type .* expected 2 numbers a particle"),
        (cs(value=-1.0), "alignments3D/psize_A is not above 0"),
        (cs(value=np.nan), "alignments3D/psize_A is not above 0"),
        (cs(value=1e200), "not finite"),
    ],
)
def test_bad_poses_are_named(tmp_path: Path, write: Callable[[Path], None], message: str) -> None:
    write(tmp_path / "p")
    (path,) = tmp_path.iterdir()
    with pytest.raises(FormatError, match=message):
        load_poses(path, BOX, PIXEL_SIZE)


def test_other_kinds_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"expected one of \.pkl, \.star, \.cs"):
        load_poses(tmp_path / "p.npz", BOX, PIXEL_SIZE)
    for suffix in WRITERS:
        with pytest.raises(FormatError, match="no such file: give the path of a file of poses"):
            load_poses(tmp_path / f"p{suffix}", BOX, PIXEL_SIZE)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("ctf/accel_kv", 0.0, "voltage that is not above 0"),
        ("ctf/amp_contrast", 7.0, "amplitude contrast outside 0 to 1"),
        ("ctf/df1_A", np.inf, "not finite"),
    ],
)
def test_bad_cryosparc_ctf_is_named(tmp_path: Path, field: str, value: float, message: str) -> None:
    write_cryosparc(tmp_path / "p.cs", poses_of([(1, 2, 3)], [(0, 0)]))
    table = read_cs(tmp_path / "p.cs")
    table[field] = value
    with pytest.raises(FormatError, match=rf"p\.cs: .*{message}"):
        ctf_from_cs(table, "p.cs")
    without = [name for name in table.dtype.names or () if name != field]
    with pytest.raises(FormatError, match=f"no field {field}"):
        ctf_from_cs(table[without], "p.cs")
