"""Image formation from files to files: what is in the images, against the parts they are made of."""

from __future__ import annotations

import pickle
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryobench.core import CTFParameters, InputError, Poses, Volume
from cryobench.imaging import Projector, chunks, load_ctf_table, load_poses, parametric_ctf, uniform_poses
from cryobench.imaging.stages import (
    CascadeNoise,
    Microscope,
    NoiseLevel,
    Views,
    Watch,
    downsample_map,
    downsample_stack,
    plan_ctf,
    plan_noise,
    plan_projections,
    project,
    sample_ctf_tables,
    write_noisy,
    write_projections,
    write_with_ctf,
)
from cryobench.io import MrcStackWriter, open_images, read_poses, read_star, write_ctf, write_poses, write_volume
from cryobench.ops.ctf import evaluate_ctf
from cryobench.ops.fft import crop_images, crop_volume, fourier_to_images, images_to_fourier
from cryobench.ops.rotations import rotation_about_axis
from cryobench.ops.so3 import so3_grid

BOX, PIXEL = 32, 3.0
NOISELESS = CascadeNoise(s1=0.0, s2=0.0)


def blobs(seed: int, box: int = BOX) -> Volume:
    rng = np.random.default_rng(seed)
    grid = np.arange(box) - box // 2
    data = np.zeros((box, box, box))
    for centre in rng.uniform(-box / 5, box / 5, (12, 3)):
        x, y, z = (np.exp(-((grid - c) ** 2) / 5.0) for c in centre)
        data += z[:, None, None] * y[:, None] * x
    return Volume(data.astype(np.float32), PIXEL)


def write_stack(path: Path, images: np.ndarray, pixel_size: float = PIXEL) -> Path:
    with MrcStackWriter(path, len(images), images.shape[-1], pixel_size) as writer:
        writer.write(images.astype(np.float32))
    return path


def stack(path: Path) -> np.ndarray:
    images = open_images(path)
    return images.read(np.arange(len(images)))


def without_nyquist(images: np.ndarray) -> np.ndarray:
    transforms = images_to_fourier(images.astype(np.float32))
    middle = images.shape[-1] // 2
    transforms[:, middle] = 0
    transforms[:, :, middle] = 0
    return transforms


def noise_of(tmp_path: Path, source: Path, level: NoiseLevel, name: str = "out.mrcs", seed: int = 0) -> np.ndarray:
    write_noisy(plan_noise(source, tmp_path / name, level, seed=seed), Watch())
    return stack(tmp_path / name) - stack(source)


def test_sampled_tables_are_rows_of_the_source(tmp_path: Path) -> None:
    measured = parametric_ctf(3, np.arange(50))
    write_ctf(tmp_path / "measured.pkl", measured, 400, 1.1)
    out, folder = tmp_path / "all.pkl", tmp_path / "ctfs"
    sample_ctf_tables(
        str(tmp_path / "measured.pkl"), out, rows=30, box=64, pixel_size=2.5, folder=folder, states=12, seed=5
    )
    parts = [pickle.loads((folder / f"ctfs_{i}.pkl").read_bytes()) for i in range(12)]
    assert len(list(folder.iterdir())) == 12
    np.testing.assert_array_equal(pickle.loads(out.read_bytes()), np.concatenate(parts))
    rows = {tuple(row) for row in measured.table.astype(np.float32).tolist()}
    for part in parts:
        assert part.shape == (30, 9)
        assert part.dtype == np.float32
        assert set(part[:, 0]) == {64}
        assert set(part[:, 1]) == {2.5}
        drawn = {tuple(row) for row in part[:, 2:].tolist()}
        assert len(drawn) == 30  # without replacement
        assert drawn <= rows
    assert not np.array_equal(parts[0], parts[1])


def test_a_short_table_is_used_again_in_the_same_order(tmp_path: Path) -> None:
    write_ctf(tmp_path / "measured.pkl", parametric_ctf(3, np.arange(8)), 400, 1.1)
    said: list[str] = []
    source = str(tmp_path / "measured.pkl")
    sample_ctf_tables(source, tmp_path / "a.pkl", rows=20, note=said.append)
    drawn = load_ctf_table(tmp_path / "a.pkl").table
    np.testing.assert_array_equal(drawn[8:16], drawn[:8])
    np.testing.assert_array_equal(drawn[16:], drawn[:4])
    assert said == [f"{source} has 8 rows for 20 images: each is used 2.5 times"]
    sample_ctf_tables(source, tmp_path / "b.pkl", rows=20, replacement=True, note=said.append)
    assert not np.array_equal(load_ctf_table(tmp_path / "b.pkl").table[8:16], drawn[:8])
    assert len(said) == 1


def test_voltages_are_kept_and_presets_have_names(tmp_path: Path) -> None:
    table = parametric_ctf(3, np.arange(8)).table
    table[:, 3] = 200.0
    write_ctf(tmp_path / "measured.pkl", CTFParameters(table), 400, 1.1)
    sample_ctf_tables(str(tmp_path / "measured.pkl"), tmp_path / "a.pkl", rows=5)
    assert set(load_ctf_table(tmp_path / "a.pkl").column("voltage_kv")) == {200.0}
    sample_ctf_tables("empiar-10028", tmp_path / "b.pkl", rows=300)
    assert 15_000 < np.median(load_ctf_table(tmp_path / "b.pkl").column("defocus_u_angstrom")) < 25_000


@pytest.fixture(scope="module")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("volumes")
    for i in range(12):
        write_volume(folder / f"{i}.mrc", blobs(i))
    return folder


def test_projections_are_the_projectors(volumes: Path, tmp_path: Path) -> None:
    """Twelve volumes in natural order: the third is 2.mrc, not 11.mrc."""
    plan = plan_projections(volumes, tmp_path / "mrcs", tmp_path / "poses", Views(4.0), images=7)
    write_projections(plan, Watch(), batch=3)
    everything = []
    for i in range(12):
        poses = read_poses(tmp_path / f"poses/{i:03d}_poses.pkl", BOX, PIXEL)
        images = stack(tmp_path / f"mrcs/{i}_particles.mrcs")
        expected = Projector(blobs(i)).project(poses)
        np.testing.assert_allclose(images, expected, atol=1e-4 * np.abs(expected).max())
        assert np.abs(poses.shifts).max() <= 4 * PIXEL
        assert open_images(tmp_path / f"mrcs/{i}_particles.mrcs").pixel_size == pytest.approx(PIXEL)
        everything.append(poses.rotations)
    assert len(np.unique(np.concatenate(everything).round(4), axis=0)) == 12 * 7
    assert np.abs(poses.shifts).max() > 2 * PIXEL  # the extent is in pixels


def test_projections_do_not_depend_on_the_batch(volumes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, batch in (("a", 1), ("b", 5), ("c", 100)):
        out = tmp_path / name / "out.mrcs"
        write_projections(plan_projections(volumes / "0.mrc", out, out.with_suffix(".pkl"), Views(), 9), Watch(), batch)
        for suffix in (".mrcs", ".pkl"):
            written = out.with_suffix(suffix).read_bytes()
            assert written == (tmp_path / "a/out").with_suffix(suffix).read_bytes()


def test_poses_hang_on_the_seed_and_the_name(volumes: Path, tmp_path: Path) -> None:
    def rotations(name: str, seed: int) -> np.ndarray:
        out = tmp_path / name
        plan = plan_projections(volumes / "0.mrc", out, out.with_suffix(".pkl"), Views(seed=seed), 5)
        write_projections(plan, Watch())
        return read_poses(out.with_suffix(".pkl"), BOX, PIXEL).rotations

    first = rotations("a.mrcs", 0)
    np.testing.assert_array_equal(rotations("a.mrcs", 0), first)
    assert not np.array_equal(rotations("b.mrcs", 0), first)
    assert not np.array_equal(rotations("a.mrcs", 1), first)


def test_poses_of_a_file_and_a_tilt(volumes: Path, tmp_path: Path) -> None:
    out, poses_file = tmp_path / "out.mrcs", tmp_path / "poses.pkl"
    rng = np.random.default_rng(2)
    rotations = so3_grid(0)[:6].astype(np.float32)
    given = Poses(rotations, rng.uniform(-9, 9, (6, 2)).astype(np.float32))
    write_poses(tmp_path / "in.pkl", given, BOX, PIXEL)
    views = Views(in_pose=tmp_path / "in.pkl", tilt=20.0)
    write_projections(plan_projections(volumes / "3.mrc", out, poses_file, views, None), Watch())
    written = read_poses(poses_file, BOX, PIXEL)
    turn = rotation_about_axis(np.array([1.0, 0.0, 0.0]), 20.0)
    np.testing.assert_allclose(written.rotations, turn @ rotations, atol=1e-6)
    np.testing.assert_allclose(written.shifts, given.shifts, atol=1e-4)
    expected = Projector(blobs(3)).project(written)
    np.testing.assert_allclose(stack(out), expected, atol=1e-4 * np.abs(expected).max())


def test_poses_of_a_file_are_read_once(volumes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_poses(tmp_path / "in.pkl", uniform_poses(0, np.arange(2), shift_extent=1.0), BOX, PIXEL)
    reads: list[Path] = []

    def load(path: Path, box: int, pixel_size: float) -> Poses:
        reads.append(path)
        return load_poses(path, box, pixel_size)

    monkeypatch.setattr(project, "load_poses", load)
    views = Views(in_pose=tmp_path / "in.pkl")
    write_projections(plan_projections(volumes, tmp_path / "mrcs", tmp_path / "poses", views, None), Watch())
    assert reads == [tmp_path / "in.pkl"]


def test_the_grid_says_how_many(volumes: Path, tmp_path: Path) -> None:
    out, poses_file = tmp_path / "out.mrcs", tmp_path / "poses.pkl"
    write_projections(plan_projections(volumes / "3.mrc", out, poses_file, Views(0.0, grid=0), None), Watch())
    assert stack(out).shape == (72, BOX, BOX)
    written = read_poses(poses_file, BOX, PIXEL)
    np.testing.assert_allclose(written.rotations, so3_grid(0), atol=1e-6)
    assert not written.shifts.any()


@pytest.mark.parametrize(("expected", "b_factor"), [("images_nob", 0.0), ("images_bfac100", 100.0)])
def test_the_ctf_is_the_published_one(published: Path, tmp_path: Path, expected: str, b_factor: float) -> None:
    data = np.load(published / "b_ctf.npz")
    source = write_stack(tmp_path / "in.mrcs", data["images_in"])
    table = Microscope(published / "b_ctf.pkl")
    plan = plan_ctf(source, tmp_path / "out.mrcs", table, NOISELESS, float(data["apix"]), b_factor)
    write_with_ctf(plan, Watch())
    ours, theirs = without_nyquist(stack(tmp_path / "out.mrcs")), without_nyquist(data[expected])
    np.testing.assert_allclose(ours, theirs, atol=3e-4 * np.abs(theirs).max())


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of 0 on the outside and a signal within, as projections are."""
    rng = np.random.default_rng(5)
    images = np.zeros((40, BOX, BOX), np.float32)
    images[:, 8:24, 8:24] = rng.uniform(1, 9, (40, 16, 16))
    return write_stack(tmp_path_factory.mktemp("clean") / "clean.mrcs", images)


def test_the_ctf_of_one_microscope(clean: Path, tmp_path: Path) -> None:
    settings = Microscope(defocus_u=12e3, defocus_v=14e3, angle=30.0, voltage=200.0, cs=2.7, phase_shift=20.0)
    write_with_ctf(plan_ctf(clean, tmp_path / "out.mrcs", settings, NOISELESS), Watch())
    table = np.tile(np.float32([12000, 14000, 30, 200, 2.7, 0.1, 20]), (40, 1))
    expected = fourier_to_images(images_to_fourier(stack(clean)) * evaluate_ctf(table, BOX, PIXEL))
    np.testing.assert_allclose(stack(tmp_path / "out.mrcs"), expected, atol=1e-4)
    written = pickle.loads((tmp_path / "out.mrcs.pkl").read_bytes())
    np.testing.assert_allclose(written[:, :2], np.tile([BOX, PIXEL], (40, 1)))
    np.testing.assert_allclose(written[:, 2:], table)
    star = read_star(tmp_path / "out.mrcs.star")
    assert star["particles"]["rlnImageName"][:2] == ["000001@out.mrcs", "000002@out.mrcs"]
    assert "rlnAngleRot" not in star["particles"]
    assert float(star["optics"]["rlnImagePixelSize"][0]) == PIXEL
    np.testing.assert_allclose(load_ctf_table(tmp_path / "out.mrcs.star").table, table, rtol=1e-6)
    assert stack(tmp_path / "out.mrcs.star").shape == (40, BOX, BOX)


def test_defocus_is_sampled_for_each_image(clean: Path, tmp_path: Path) -> None:
    def defocus(name: str, **settings: float | bool) -> np.ndarray:
        plan = plan_ctf(clean, tmp_path / name, Microscope(defocus_spread=500.0, **settings), NOISELESS)  # type: ignore[arg-type]
        return plan.ctfs[0].table[:, :2]

    both = defocus("a.mrcs")
    assert both.std() == pytest.approx(500, rel=0.3)
    assert both.mean() == pytest.approx(15000, abs=4 * 500 / 40**0.5)
    assert abs(np.corrcoef(both.T)[0, 1]) < 0.5
    round_ones = defocus("a.mrcs", astigmatism=False)
    np.testing.assert_array_equal(round_ones[:, 0], round_ones[:, 1])
    assert not np.array_equal(defocus("b.mrcs"), both)


def test_defocus_of_a_file(clean: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(1e4, 2e4, (40, 2))
    (tmp_path / "df.pkl").write_bytes(pickle.dumps(values))
    plan = plan_ctf(clean, tmp_path / "a.mrcs", Microscope(defocus_file=tmp_path / "df.pkl"), NOISELESS)
    np.testing.assert_array_equal(plan.ctfs[0].table[:, :2], values)


def test_the_cascade_of_noise_has_the_ratios_asked_for(clean: Path, tmp_path: Path) -> None:
    """With a CTF of -1 everywhere, what is left of the image is the sum of both noises."""
    flat = Microscope(defocus_u=0.0, defocus_v=0.0, cs=0.0, amplitude_contrast=1.0)
    write_with_ctf(plan_ctf(clean, tmp_path / "out.mrcs", flat, CascadeNoise(snr1=2.0, snr2=0.1)), Watch())
    signal = stack(clean)
    noise = -stack(tmp_path / "out.mrcs") - signal
    variance = signal[signal > 0].var(dtype=float)
    assert variance / noise.var(dtype=float) == pytest.approx(0.1, rel=0.03)
    alone = plan_ctf(clean, tmp_path / "first.mrcs", flat, CascadeNoise(snr1=2.0, s2=0.0))
    write_with_ctf(alone, Watch())
    first = -stack(tmp_path / "first.mrcs") - signal
    assert variance / first.var(dtype=float) == pytest.approx(2.0, rel=0.03)
    write_with_ctf(plan_ctf(clean, tmp_path / "given.mrcs", flat, CascadeNoise(s1=1.0, s2=3.0)), Watch())
    assert (-stack(tmp_path / "given.mrcs") - signal).var(dtype=float) == pytest.approx(10.0, rel=0.03)


def test_noise_has_the_ratio_asked_for(clean: Path, tmp_path: Path) -> None:
    signal = stack(clean)
    circle = np.hypot(*np.mgrid[-16:16, -16:16]) <= 6
    within = {
        NoiseLevel(snr=0.2): signal,
        NoiseLevel(snr=0.2, mask="strict"): signal[signal > 0],
        NoiseLevel(snr=0.2, mask="circular", radius=6.0): signal[:, circle],
    }
    found = []
    for level, values in within.items():
        noise = noise_of(tmp_path, clean, level)
        assert values.var(dtype=float) / noise.var(dtype=float) == pytest.approx(0.2, rel=0.03)
        found.append(noise.std())
    assert len({round(float(std), 1) for std in found}) == 3
    noise = noise_of(tmp_path, clean, NoiseLevel(sigma=2.5))
    assert noise.std() == pytest.approx(2.5, rel=0.02)
    assert abs(noise.mean()) < 0.05
    power = np.abs(np.fft.fft2(noise)) ** 2
    assert power[:, 1:5, 1:5].mean() == pytest.approx(power[:, 12:16, 12:16].mean(), rel=0.2)  # white


def test_noise_by_stack_or_by_dataset(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for name, scale in (("0.mrcs", 1.0), ("1.mrcs", 3.0)):
        write_stack(tmp_path / "in" / name, scale * rng.normal(0, 1, (30, BOX, BOX)))
    for scope, expected in (("state", (1.0, 3.0)), ("dataset", (5**0.5, 5**0.5))):
        level = NoiseLevel(snr=0.25, scope=scope)  # type: ignore[arg-type]
        write_noisy(plan_noise(tmp_path / "in", tmp_path / scope, level), Watch())
        for name, sigma in zip(("0.mrcs", "1.mrcs"), expected, strict=True):
            noise = stack(tmp_path / scope / name) - stack(tmp_path / "in" / name)
            assert noise.std() == pytest.approx(2 * sigma, rel=0.03)


def test_noise_hangs_on_the_seed_and_the_name_and_not_on_the_chunk(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    level = NoiseLevel(sigma=1.0)
    first = noise_of(tmp_path, clean, level)
    assert not np.array_equal(noise_of(tmp_path, clean, level, "other.mrcs"), first)
    assert not np.array_equal(noise_of(tmp_path, clean, level, seed=1), first)
    table = Microscope(defocus_spread=100.0)

    def everything(name: str) -> list[bytes]:
        (tmp_path / name).mkdir()
        write_noisy(plan_noise(clean, tmp_path / name / "n.mrcs", NoiseLevel(snr=0.1)), Watch())
        write_with_ctf(plan_ctf(clean, tmp_path / name / "c.mrcs", table, CascadeNoise()), Watch())
        return [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]

    whole = everything("whole")
    monkeypatch.setattr(chunks, "_MOST_PIXELS", 7 * BOX**2)
    assert everything("parts") == whole
    np.testing.assert_array_equal(noise_of(tmp_path, clean, level), first)


def test_inverted_after_the_noise(clean: Path, tmp_path: Path) -> None:
    for name, sign in (("a", 1), ("b", -1)):
        (tmp_path / name).mkdir()
        plan = plan_noise(clean, tmp_path / name / "out.mrcs", NoiseLevel(snr=1.0), sign)  # type: ignore[arg-type]
        write_noisy(plan, Watch())
    np.testing.assert_array_equal(stack(tmp_path / "b/out.mrcs"), -stack(tmp_path / "a/out.mrcs"))


def test_images_without_signal_are_refused(tmp_path: Path) -> None:
    source = write_stack(tmp_path / "in.mrcs", np.zeros((3, BOX, BOX)))
    with pytest.raises(InputError, match="no signal-to-noise ratio can be met"):
        noise_of(tmp_path, source, NoiseLevel(snr=1.0))
    with pytest.raises(InputError, match="over 0 pixels"):
        write_with_ctf(plan_ctf(source, tmp_path / "out.mrcs", Microscope(), CascadeNoise()), Watch())
    assert [path.name for path in tmp_path.iterdir()] == ["in.mrcs"]


def test_downsampled_as_cryodrgn_does_but_for_scale_and_nyquist(published: Path, tmp_path: Path) -> None:
    data = np.load(published / "h_downsample.npz")
    source = write_stack(tmp_path / "in.mrcs", data["stack64"])
    downsample_stack(source, tmp_path / "out.mrcs", 32, Watch(), batch=2)
    ours, theirs = without_nyquist(stack(tmp_path / "out.mrcs") * 4), without_nyquist(data["stack32"])
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())
    assert open_images(tmp_path / "out.mrcs").pixel_size == pytest.approx(2 * PIXEL)
    np.testing.assert_array_equal(stack(tmp_path / "out.mrcs"), crop_images(data["stack64"], 32))


def test_downsampled_in_parts_and_by_index(clean: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "keep.npy", np.array([30, 2, 7, 9, 11]))
    downsample_stack(clean, tmp_path / "out.mrcs", 16, Watch(), keep=tmp_path / "keep.npy", part=2)
    assert (tmp_path / "out.txt").read_text().split() == ["out.0.mrcs", "out.1.mrcs", "out.2.mrcs"]
    expected = crop_images(stack(clean)[[30, 2, 7, 9, 11]], 16)
    np.testing.assert_array_equal(stack(tmp_path / "out.txt"), expected)
    assert not (tmp_path / "out.mrcs").exists()


def test_downsampled_map(tmp_path: Path) -> None:
    volume = blobs(1)
    write_volume(tmp_path / "in.mrc", volume)
    downsample_map(tmp_path / "in.mrc", tmp_path / "out.mrc", 16, None, Watch())
    with mrcfile.open(tmp_path / "out.mrc") as mrc:
        assert mrc.is_volume()
        assert float(mrc.voxel_size.x) == pytest.approx(2 * PIXEL)
        np.testing.assert_array_equal(mrc.data, crop_volume(volume.data, 16))


def test_a_header_without_pixel_size_stays_so(tmp_path: Path) -> None:
    source = write_stack(tmp_path / "in.mrcs", np.ones((2, BOX, BOX)), pixel_size=0.0)
    said: list[str] = []
    downsample_stack(source, tmp_path / "out.mrcs", 16, Watch(note=said.append))
    assert open_images(tmp_path / "out.mrcs").pixel_size is None
    assert "no pixel size in its header" in said[0]
    downsample_stack(source, tmp_path / "out.mrcs", 16, Watch(note=said.append), pixel_size=1.5)
    assert open_images(tmp_path / "out.mrcs").pixel_size == pytest.approx(3.0)
    assert "replaced, since already there" in said[1]


def test_the_first_nine_images_are_handed_on(clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, np.ndarray] = {}
    monkeypatch.setattr(chunks, "_MOST_PIXELS", 4 * BOX**2)
    watch = Watch(preview=lambda path, images: shown.update({path.name: images}))
    write_noisy(plan_noise(clean, tmp_path / "o.mrcs", NoiseLevel(sigma=1.0), out_png=tmp_path / "o.png"), watch)
    np.testing.assert_array_equal(shown["o.png"], stack(tmp_path / "o.mrcs")[:9])
