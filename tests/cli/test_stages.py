"""The commands of image formation, called as the published scripts are."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cryobench.cli import app as cli
from cryobench.cli.app import app
from cryobench.core import Volume
from cryobench.imaging import Projector, parametric_ctf, uniform_poses
from cryobench.io import MrcStackWriter, open_images, read_poses, replacing, write_ctf, write_poses, write_volume
from cryobench.ops.ctf import evaluate_ctf
from cryobench.ops.fft import crop_images, fourier_to_images, images_to_fourier
from cryobench.ops.threads import get_threads, set_threads

BOX, PIXEL, IMAGES = 32, 1.5, 10


def cryobench(line: str, *more: object) -> Result:
    """Run a command of words without blanks, given as a line."""
    return CliRunner().invoke(app, [*line.split(), *map(str, more)])


def done(line: str) -> Result:
    result = cryobench(line)
    assert result.exit_code == 0, result.output
    return result


def stack(path: str | Path) -> np.ndarray:
    images = open_images(Path(path))
    return images.read(np.arange(len(images)))


def density(seed: int) -> Volume:
    rng = np.random.default_rng(seed)
    grid = np.arange(BOX) - BOX // 2
    data = np.zeros((BOX, BOX, BOX))
    for centre in rng.uniform(-6, 6, (12, 3)):
        x, y, z = (np.exp(-((grid - c) ** 2) / 5.0) for c in centre)
        data += z[:, None, None] * y[:, None] * x
    return Volume(data.astype(np.float32), PIXEL)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a volume, twelve volumes and a measured CTF table."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "vols").mkdir()
    for i in range(12):
        write_volume(folder / f"vols/{i:03d}.mrc", density(i))
    write_volume(folder / "input.mrc", density(50))
    write_ctf(folder / "experimental_ctf.pkl", parametric_ctf(1, np.arange(40)), 400, 1.0)
    return folder


@pytest.fixture(autouse=True)
def workplace(inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A copy of the inputs as the working folder."""
    shutil.copytree(inputs, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    threads = get_threads()
    yield
    set_threads(threads)


def test_the_published_commands_on_one_volume() -> None:
    done(f"sample-ctf experimental_ctf.pkl -o ctf.pkl -N {IMAGES} --Apix 1.5 -D {BOX} --seed 0")
    done(f"project input.mrc -N {IMAGES} -o projections.mrcs --out-pose poses.pkl --t-extent 5")
    done("add-ctf projections.mrcs --Apix 1.5 --ctf-pkl ctf.pkl --s1 0 --s2 0 -o with_ctf.mrcs")
    done("add-noise with_ctf.mrcs -o noisy.mrcs --snr 0.1")
    done(f"downsample noisy.mrcs -D {BOX // 2} -o small.mrcs")
    table = pickle.loads(Path("ctf.pkl").read_bytes())
    np.testing.assert_array_equal(table[:, :2], np.tile(np.float32([BOX, 1.5]), (IMAGES, 1)))
    clean = stack("projections.mrcs")
    expected = Projector(density(50)).project(read_poses(Path("poses.pkl"), BOX, PIXEL))
    np.testing.assert_allclose(clean, expected, atol=1e-4 * np.abs(expected).max())
    imaged = fourier_to_images(images_to_fourier(clean) * evaluate_ctf(table[:, 2:], BOX, PIXEL))
    np.testing.assert_allclose(stack("with_ctf.mrcs"), imaged, atol=1e-4 * np.abs(imaged).max())
    noise = stack("noisy.mrcs") - imaged
    assert imaged.var(dtype=float) / noise.var(dtype=float) == pytest.approx(0.1, rel=0.06)
    np.testing.assert_array_equal(stack("small.mrcs"), crop_images(stack("noisy.mrcs"), BOX // 2))
    sizes = [open_images(Path(name)).pixel_size for name in ("projections.mrcs", "noisy.mrcs", "small.mrcs")]
    assert sizes == pytest.approx([1.5, 1.5, 3.0])
    assert Path("with_ctf.mrcs.star").is_file()
    assert not list(Path.cwd().rglob("*.tmp"))


def test_the_published_commands_on_folders() -> None:
    done(
        "sample-ctf --ctf-dir ctfs --ctf-file experimental_ctf.pkl -o data/combined_ctfs.pkl --apix 1.5 "
        f"--img-size {BOX} --N 12 --num-ctfs {IMAGES}"
    )
    done(
        f"project --mrc vols -N {IMAGES} -o proj/mrcs --out-pose proj/poses --t-extent 5 -b 4 --out-png proj/pngs "
        "--apix 1.5"
    )
    done("add-ctf --particles proj/mrcs --ctf-pkl ctfs --Apix 1.5 --s1 0 --s2 0 -o add_ctf/mrcs --out-png add_ctf/pngs")
    done("add-noise --mrcs add_ctf/mrcs -o noisy/mrcs --invert --snr 0.1 --out-png noisy/pngs --apix 1.5")
    combined = pickle.loads(Path("data/combined_ctfs.pkl").read_bytes())
    assert combined.shape == (12 * IMAGES, 9)
    for i in range(12):
        name = f"{i:03d}_particles"
        small = f"noisy/small/{name}_16.mrcs"
        done(f"downsample noisy/mrcs/{name}.mrcs -D 16 -o {small}")
        clean = stack(f"proj/mrcs/{name}.mrcs")
        poses = read_poses(Path(f"proj/poses/{i:03d}_poses.pkl"), BOX, PIXEL)
        expected = Projector(density(i)).project(poses)
        np.testing.assert_allclose(clean, expected, atol=1e-4 * np.abs(expected).max())
        rows = combined[i * IMAGES : (i + 1) * IMAGES, 2:]
        imaged = fourier_to_images(images_to_fourier(clean) * evaluate_ctf(rows, BOX, PIXEL))
        np.testing.assert_allclose(stack(f"add_ctf/mrcs/{name}.mrcs"), imaged, atol=1e-4 * np.abs(imaged).max())
        noise = -stack(f"noisy/mrcs/{name}.mrcs") - imaged
        assert imaged.var(dtype=float) / noise.var(dtype=float) == pytest.approx(0.1, rel=0.06)
        assert open_images(Path(small)).pixel_size == pytest.approx(3.0)
        for picture in (f"proj/pngs/{i:03d}.png", f"add_ctf/pngs/{i:03d}.png", f"noisy/pngs/{name}.png"):
            with Image.open(picture) as drawn:
                assert drawn.size == (784, 784)
        assert Path(f"add_ctf/mrcs/{name}.star").is_file()


def test_volumes_in_natural_order() -> None:
    Path("named").mkdir()
    for i in range(12):
        write_volume(Path(f"named/{i + 1}.mrc"), density(i))
    done("project --mrc named -N 2 -o out/mrcs --out-pose out/poses --t-extent 0")
    assert len(list(Path("out/poses").iterdir())) == 12
    for i in (1, 2, 9, 11):
        poses = read_poses(Path(f"out/poses/{i:03d}_poses.pkl"), BOX, PIXEL)
        expected = Projector(density(i)).project(poses)
        np.testing.assert_allclose(stack(f"out/mrcs/{i + 1}_particles.mrcs"), expected, atol=1e-3)


def test_a_loop_without_seeds_gives_every_stack_its_own_draws() -> None:
    for i in range(2):
        done(f"project input.mrc -N 4 -o out.{i}.mrcs --out-pose poses.{i}.pkl --t-extent 5")
        done(f"add-noise out.0.mrcs -o noisy.{i}.mrcs --sigma 1")
    assert not np.allclose(stack("out.0.mrcs"), stack("out.1.mrcs"))
    first, second = (stack(f"noisy.{i}.mrcs") - stack("out.0.mrcs") for i in range(2))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1


def test_the_same_bytes_with_one_thread() -> None:
    commands = [
        "project input.mrc -N 9 -o {0}/a.mrcs --out-pose {0}/a.pkl --out-png {0}/a.png",
        "add-ctf {0}/a.mrcs --snr1 2 --snr2 0.5 --sample-df 200 -o {0}/b.mrcs",
        "downsample {0}/b.mrcs -D 16 -o {0}/c.mrcs --max-threads 1",
    ]
    code = (
        "import sys; from cryobench.cli.app import app; [app(c.split(), standalone_mode=False) for c in sys.argv[1:]]"
    )
    for name, threads in (("one", "1"), ("two", "2")):
        environment = os.environ | {"NUMBA_NUM_THREADS": threads}
        call = [sys.executable, "-c", code, *(command.format(name) for command in commands)]
        ran = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    files = sorted(path.name for path in Path("one").iterdir())
    assert files == ["a.mrcs", "a.pkl", "a.png", "b.mrcs", "b.mrcs.pkl", "b.mrcs.star", "c.mrcs"]
    for name in files:
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_an_existing_output_is_replaced_with_a_note() -> None:
    done("project input.mrc -N 4 -o out.mrcs --out-pose out.pkl")
    again = done("project input.mrc -N 3 -o out.mrcs --out-pose out.pkl --out-png png/out.png -v")
    assert "note: replaced, since already there: out.mrcs and 1 more" in again.stderr
    assert "note: input.mrc: 3 images to out.mrcs" in again.stderr
    assert len(stack("out.mrcs")) == 3
    with Image.open("png/out.png") as drawn:
        assert (np.asarray(drawn)[-260:, -260:] == 255).all()  # a ninth image there is not


def test_other_kinds_of_input() -> None:
    done("project input.mrc -N 5 -o out.mrcs --out-pose out.pkl")
    done("add-ctf out.mrcs --s1 0 --s2 0 -o ctf.mrcs --out-star tables/ctf.star --out-pkl tables/ctf.pkl")
    Path("list.txt").write_text("out.mrcs\nctf.mrcs\n")
    done("add-noise list.txt -o noisy.mrcs --sigma 0")
    np.testing.assert_array_equal(stack("noisy.mrcs"), np.concatenate((stack("out.mrcs"), stack("ctf.mrcs"))))
    ignored = done("add-noise tables/ctf.star --datadir . -o noisy.mrcs --sigma 0 --num-imgs 1000")
    assert "--num-imgs is ignored" in ignored.stderr
    np.testing.assert_array_equal(stack("noisy.mrcs"), stack("ctf.mrcs"))
    done("downsample list.txt -D 16 -o parts.mrcs --chunk 4 --relion31 -b 3")
    assert Path("parts.txt").read_text().split() == ["parts.0.mrcs", "parts.1.mrcs", "parts.2.mrcs"]
    done("downsample list.txt -D 16 -o whole.mrcs")
    np.testing.assert_array_equal(stack("parts.txt"), stack("whole.mrcs"))
    done("downsample input.mrc -D 16 -o small.mrc --is-vol")
    assert open_images(Path("small.mrc")).pixel_size == pytest.approx(3.0)
    done("sample-ctf empiar-10028 -o preset.pkl -N 5")
    assert pickle.loads(Path("preset.pkl").read_bytes()).shape == (5, 9)


def test_a_dry_run_makes_nothing() -> None:
    done("project input.mrc -N 5 -o out.mrcs --out-pose out.pkl")
    before = sorted(Path.cwd().rglob("*"))
    projection = done("project --mrc vols -N 1000 -o mrcs --out-pose poses --dry-run")
    assert "12,000, box 32 of 1.5 Å/px" in projection.stdout
    assert "total SNR 0.05" in done("add-ctf out.mrcs -o new/ctf.mrcs --dry-run").stdout
    assert "SNR 0.1" in done("add-noise out.mrcs -o new/noisy.mrcs --snr 0.1 --dry-run").stdout
    small = done("downsample out.mrcs -D 16 -o new/small.mrcs --chunk 2 --dry-run").stdout
    assert "3: new/small.0.mrcs ... new/small.2.mrcs" in small
    assert "box 16 of 3 Å/px" in done("downsample input.mrc -D 16 -o new/small.mrc --is-vol --dry-run").stdout
    tables = done("sample-ctf experimental_ctf.pkl --ctf-dir ctfs --N 3 -N 9 -o new/all.pkl --dry-run").stdout
    assert "4: ctfs/ctfs_0.pkl ... new/all.pkl" in tables
    assert sorted(Path.cwd().rglob("*")) == before


def test_what_may_be_a_mistake_is_noted() -> None:
    done("project input.mrc -N 4 -o out.mrcs --out-pose out.pkl --threads 1")
    assert get_threads() == 1
    done("sample-ctf experimental_ctf.pkl -o ctf.pkl -N 4")
    lines = {
        "add-ctf out.mrcs --ctf-pkl ctf.pkl --kv 200 --dfu 9000 -o a.mrcs --s1 0 --s2 0": "note: --dfu, --kv without "
        "effect: --ctf-pkl says it of each image",
        "add-ctf input.mrc -o b.mrcs --s1 0 --s2 0": "note: input.mrc: its header says that it is a map: its sections",
        "add-noise input.mrc -o c.mrcs --sigma 1": "note: input.mrc: its header says that it is a map: its sections",
        "downsample input.mrc -D 16 -o d.mrcs": "are taken as images; --is-vol downsamples the map itself",
    }
    for line, note in lines.items():
        for more in (" --dry-run", ""):
            assert note in done(line + more).stderr
    assert "header" not in done("add-noise out.mrcs -o e.mrcs --sigma 1").stderr
    write_volume(Path("vols/small.mrc"), Volume(density(1).data[8:24, 8:24, 8:24], 3.0))
    assert "note: volumes differ: vols/small.mrc has a box of 16 and 3 Å/px, but vols/000.mrc one of 32" in (
        done("project vols -N 2 -o mrcs --out-pose poses").stderr
    )


def test_sigterm_leaves_nothing_half_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        with replacing(Path("out.mrcs")) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)

    monkeypatch.setattr(cli, "app", work)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as stopped:
            cli.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped.value.code == 143
    assert not list(Path.cwd().glob("*out.mrcs*"))


@pytest.fixture
def mistakes() -> None:
    """Inputs that are of no use: a header without pixel size, short tables, truncated and empty files."""
    for name, size in (("in.mrcs", PIXEL), ("sizeless.mrcs", 0.0)):
        with MrcStackWriter(Path(name), 3, BOX, size) as writer:
            writer.write(np.random.default_rng(0).random((3, BOX, BOX), dtype=np.float32))
    Path("stacks").mkdir()
    Path("stacks/0.mrcs").write_bytes(Path("in.mrcs").read_bytes())
    Path("empty").mkdir()
    Path("odd.mrc").write_bytes(Path("in.mrcs").read_bytes())
    Path("cut.mrcs").write_bytes(Path("in.mrcs").read_bytes()[:-100])
    Path("df.pkl").write_bytes(pickle.dumps(np.zeros((4, 2))))
    Path("good.pkl").write_bytes(pickle.dumps(np.full((3, 2), 1e4)))
    write_ctf(Path("three.pkl"), parametric_ctf(1, np.arange(3)), BOX, PIXEL)
    write_poses(Path("p.pkl"), uniform_poses(0, np.arange(3), shift_extent=1.0), BOX, PIXEL)
    Path("cd").mkdir()
    shutil.copy("experimental_ctf.pkl", "cd/ctfs_0.pkl")
    Path("l.txt").write_text("in.mrcs\n")
    Path("ind.txt").write_text("0\n1\n")
    Path("twins").mkdir()
    for name in ("a.mrc", "a.MRC"):
        shutil.copy("input.mrc", Path("twins", name))
    Path("twin_stacks").mkdir()
    for name in ("a.mrcs", "a.MRCS"):
        shutil.copy("in.mrcs", Path("twin_stacks", name))
    broken = density(1).data.copy()
    broken[3, 4, 5] = np.nan
    write_volume(Path("nan.mrc"), Volume(broken, PIXEL))
    with MrcStackWriter(Path("nan.mrcs"), 3, BOX, PIXEL) as writer:
        writer.write(np.where(np.arange(3)[:, None, None] == 1, np.inf, stack("in.mrcs")).astype(np.float32))


@pytest.mark.usefixtures("mistakes")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sample-ctf -o out.pkl", "there is no input: give its path, either alone or with --ctf-file"),
        ("sample-ctf a.pkl --ctf-file b.pkl -o out.pkl", "the input is given twice, as a.pkl and as --ctf-file b.pkl"),
        ("sample-ctf nowhere.pkl -o out.pkl", "nowhere.pkl: no such file"),
        ("sample-ctf empiar-10029 -o out.pkl", "did you mean 'empiar-100"),
        ("sample-ctf experimental_ctf.pkl -o out.pkl --N 4", "--N is the number of states and needs --ctf-dir"),
        ("sample-ctf experimental_ctf.pkl -o out.pkl -N 0", "number of rows is 0"),
        ("sample-ctf experimental_ctf.pkl -o out.pkl -D 33", "box size 33 is not allowed"),
        ("sample-ctf experimental_ctf.pkl -o out.pkl --apix 0", "pixel size is 0.0"),
        ("sample-ctf experimental_ctf.pkl -o out.pkl --seed -1", "--seed is -1"),
        ("sample-ctf experimental_ctf.pkl -o experimental_ctf.pkl", "would replace what is read"),
        (
            "sample-ctf --ctf-dir cd --ctf-file cd/ctfs_0.pkl -o all.pkl -N 9 --N 2",
            "cd/ctfs_0.pkl is to be written, but would replace what is read",
        ),
        (
            "sample-ctf --ctf-dir cd --ctf-file experimental_ctf.pkl -o cd/ctfs_1.pkl -N 9 --N 2",
            "cd/ctfs_1.pkl is also the name of another output",
        ),
        ("project -N 3 -o out.mrcs --out-pose out.pkl", "there is no input"),
        ("project input.mrc --in-pose p.pkl -o out.mrcs --out-pose p.pkl", "p.pkl is to be written, but would replace"),
        (
            "project twins -N 3 -o out --out-pose poses",
            "out/a_particles.mrcs is to be written twice, for twins/a.MRC and for twins/a.mrc",
        ),
        ("project nan.mrc -N 3 -o out.mrcs --out-pose out.pkl", "nan.mrc: holds a value that is not finite"),
        ("project input.mrc -N 3 -o out.mrcs --out-pose out.pkl --threads 0", "0 threads asked for"),
        ("add-ctf in.mrcs -o out.mrcs --ctf-pkl three.pkl --out-pkl three.pkl", "three.pkl is to be written, but"),
        ("add-ctf in.mrcs -o out.mrcs --df-file good.pkl --out-pkl good.pkl", "good.pkl is to be written, but"),
        (
            "add-ctf twin_stacks -o out",
            "out/a.star is to be written twice, for twin_stacks/a.MRCS and for twin_stacks/a.mrcs",
        ),
        ("add-ctf in.mrcs -o out.mrcs -b -1", "-b is -1.0: expected a B"),
        ("add-ctf in.mrcs -o out.mrcs -b nan", "-b is nan: expected a B"),
        ("add-noise l.txt -o in.mrcs --snr 1", "in.mrcs is to be written, but would replace what is read"),
        ("downsample l.txt -D 16 -o in.mrcs", "in.mrcs is to be written, but would replace what is read"),
        ("downsample l.txt -D 16 -o l.mrcs --chunk 2", "l.txt is to be written, but would replace what is read"),
        ("downsample in.mrcs -D 16 -o ind.mrcs --chunk 2 --ind ind.txt", "ind.txt is to be written, but would replace"),
        ("downsample nan.mrc -D 16 -o out.mrc --is-vol", "nan.mrc: holds a value that is not finite"),
        ("project vols -N 3 -o out.mrcs --out-pose out", "-o out.mrcs is a file, but vols is a folder"),
        ("project vols -N 3 -o out --out-pose out.pkl", "--out-pose out.pkl is a file, but vols is a folder"),
        ("project input.mrc -N 3 -o out --out-pose out.pkl", "-o out: expected the name of a .mrcs file"),
        ("project input.mrc -o out.mrcs --out-pose out.pkl", "say how many images to make with -N"),
        ("project input.mrc -N 0 -o out.mrcs --out-pose out.pkl", "-N is 0"),
        ("project input.mrc -N 3 -b 0 -o out.mrcs --out-pose out.pkl", "-b is 0"),
        ("project input.mrc -N 3 --grid 0 -o out.mrcs --out-pose out.pkl", "grid of level 0 has 72 poses"),
        ("project input.mrc --grid 9 -o out.mrcs --out-pose out.pkl", "--grid is 9"),
        ("project input.mrc --grid 0 --in-pose a.pkl -o out.mrcs --out-pose out.pkl", "give one of the two"),
        ("project input.mrc --in-pose a.pkl -o out.mrcs --out-pose out.pkl", "a.pkl"),
        ("project input.mrc -N 3 --t-extent -1 -o out.mrcs --out-pose out.pkl", "--t-extent is -1.0"),
        ("project odd.mrc -N 3 -o out.mrcs --out-pose out.pkl", "expected a cubic map"),
        ("project empty -N 3 -o out --out-pose out", "no .mrc file in this folder"),
        ("project nowhere -N 3 -o out --out-pose out", "no such file or folder"),
        ("add-ctf in.mrcs -o out.mrcs --s1 0", "--s1 needs --s2 beside it"),
        ("add-ctf in.mrcs -o out.mrcs --snr1 0.05", "cannot reach --snr1 0.05"),
        ("add-ctf in.mrcs -o out.mrcs --s2 -1", "--s2 is -1.0"),
        ("add-ctf sizeless.mrcs -o out.mrcs --s1 0 --s2 0", "no pixel size: give it with --apix"),
        ("add-ctf in.mrcs -o out.mrcs --ctf-pkl experimental_ctf.pkl", "40 rows, but in.mrcs has 3 images"),
        ("add-ctf in.mrcs -o out.mrcs --ctf-pkl empty", "--ctf-pkl empty is a folder, but in.mrcs is one stack"),
        ("add-ctf stacks -o out --ctf-pkl experimental_ctf.pkl", "is one table, but stacks is a folder"),
        ("add-ctf stacks -o out --ctf-pkl empty", "empty/ctfs_0.pkl: no such file"),
        ("add-ctf in.mrcs -o out.mrcs --df-file df.pkl", "shape (4, 2), expected (3, 2)"),
        ("add-ctf in.mrcs -o out.mrcs --df-file df.pkl --sample-df 9", "--df-file and --sample-df each say"),
        ("add-ctf in.mrcs -o out.mrcs --no-astigmatism --dfu 9000", "give --dfu and --dfv the same value"),
        ("add-ctf in.mrcs -o out.mrcs --wgh 3", "amplitude contrast"),
        ("add-ctf in.mrcs -o in.mrcs", "would replace what is read"),
        ("add-ctf stacks -o stacks", "would replace what is read"),
        ("add-ctf cut.mrcs -o out.mrcs --s1 0 --s2 0", "cut.mrcs: not a readable MRC stack"),
        ("add-noise in.mrcs -o out.mrcs", "exactly one of the two"),
        ("add-noise in.mrcs -o out.mrcs --snr 1 --sigma 1", "exactly one of the two"),
        ("add-noise in.mrcs --mrcs in.mrcs -o out.mrcs --snr 1", "the input is given twice"),
        ("add-noise in.mrcs -o out.mrcs --snr 0", "--snr is 0.0"),
        ("add-noise in.mrcs -o out.mrcs --snr 1 --mask circular", "give --mask-r"),
        ("add-noise in.mrcs -o out.mrcs --snr 1 --mask-r 3", "give --mask circular"),
        ("add-noise stacks -o out.mrcs --snr 1", "is a file, but stacks is a folder"),
        ("add-noise in.mrcs -o out.mrcs --out-png out --snr 1", "--out-png out: expected the name of a .png file"),
        ("downsample in.mrcs -D 33 -o out.mrcs", "box size 33"),
        ("downsample in.mrcs -D 64 -o out.mrcs", "-D is 64, but in.mrcs has a box of 32"),
        ("downsample in.mrcs -D 16 -o out", "expected the name of a .mrcs or .mrc file"),
        ("downsample in.mrcs -D 16 -o in.mrcs", "would replace what is read"),
        ("downsample in.mrcs -D 16 -o out.mrcs --chunk 0", "--chunk is 0"),
        ("downsample odd.mrc -D 16 -o out.mrc --is-vol", "expected a cubic map"),
        ("downsample input.mrc -D 16 -o out.mrc --is-vol --chunk 3", "are for images"),
        ("downsample in.mrcs -D 16 -o out.mrcs --max-threads 0", "--max-threads is 0"),
        ("downsample in.mrcs -D 16 -o out.mrcs --ind experimental_ctf.pkl", "experimental_ctf.pkl"),
        ("downsample stacks -D 16 -o out.mrcs", "stacks"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(line: str, message: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path.cwd().rglob("*")}
    result = cryobench(line)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert {path: path.stat().st_mtime_ns for path in Path.cwd().rglob("*")} == before


@pytest.mark.usefixtures("mistakes")
@pytest.mark.parametrize(
    "line", ["add-ctf {} --s1 0 --s2 0", "add-ctf {}", "add-noise {} --sigma 1", "downsample {} -D 16"]
)
def test_images_that_are_no_numbers_are_named(line: str) -> None:
    before = sorted(Path.cwd().rglob("*"))
    result = cryobench(line.format("nan.mrcs -o out.mrcs"))
    assert result.exit_code == 2
    assert "error: nan.mrcs: image 2, counted from 1, holds a value that is not finite" in result.stderr
    assert sorted(Path.cwd().rglob("*")) == before


@pytest.mark.parametrize("line", ["project input.mrc -N 3 --out-pose out.pkl", "add-noise in.mrcs --snr 1"])
def test_no_output_named(line: str) -> None:
    result = cryobench(line)
    assert result.exit_code == 2
    assert "-o" in result.stderr


@pytest.mark.parametrize("name", ["sample-ctf", "project", "add-ctf", "add-noise", "downsample"])
def test_help_shows_an_example(name: str) -> None:
    assert f"cryobench {name} " in done(f"{name} --help").stdout
