"""What the tests of ``cryobench fsc`` and ``cryobench align`` are run on, and how."""

from __future__ import annotations

import csv
import pickle
import stat
import sys
from pathlib import Path

import numpy as np
from typer.testing import CliRunner, Result

from cryobench.cli.app import app
from cryobench.core import Volume
from cryobench.io import write_volume

BOX, PIXEL_SIZE, STATES, IMAGES = 16, 3.0, 3, 4

STAND_IN = f"""#!{sys.executable}
import pathlib, shutil, sys

here = pathlib.Path(__file__).parent
with open(here / "calls.txt", "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
command, weights, c, config, zfile_flag, zfile, o, out, apix_flag, apix = sys.argv[1:]
assert (command, c, zfile_flag, o, apix_flag) == ("eval_vol", "-c", "--zfile", "-o", "--Apix"), sys.argv
assert pathlib.Path(weights).name == "weights.7.pkl" and pathlib.Path(config).name == "config.yaml"
if (here / "broken").exists():
    sys.exit("no GPU")
pathlib.Path(out).mkdir()
for number, line in enumerate(pathlib.Path(zfile).read_text().splitlines(), 1):
    shutil.copy(here / f"decoded/{{round(float(line.split()[0]))}}.mrc", pathlib.Path(out) / f"vol_{{number:03d}}.mrc")
"""


def cryobench(*arguments: object) -> Result:
    """Run the command in this process, where warnings are errors."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])


def ran(*arguments: object) -> str:
    """Return what a command printed, which ended well."""
    done = cryobench(*arguments)
    assert done.exit_code == 0, repr(done.exception) + done.output
    return done.stdout


def refused(*arguments: object) -> str:
    """Return the one line of a command that was refused."""
    done = cryobench(*arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("cryobench: error: ")]
    return line


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def blobs(seed: int) -> np.ndarray:
    """Five balls at places of their own."""
    places = np.random.default_rng(seed).uniform(-BOX / 4, BOX / 4, size=(5, 3))
    along = np.exp(-((np.arange(BOX) - BOX // 2 - places[:, :, None]) ** 2) / 4.5)
    return np.asarray(np.einsum("nz,ny,nx->zyx", *(along[:, i] for i in range(3))))


def true_map(state: int) -> Volume:
    return Volume((blobs(0) + blobs(state + 1)).astype(np.float32), PIXEL_SIZE)


def recovered_map(state: int) -> Volume:
    noise = np.random.default_rng(state).normal(0, 0.05, (BOX,) * 3)
    return Volume((true_map(state).data + noise).astype(np.float32), PIXEL_SIZE)


def mask() -> Volume:
    total = sum(true_map(state).data for state in range(STATES))
    return Volume(np.clip(total - 0.2, 0, 1).astype(np.float32), PIXEL_SIZE)


def published_folder(folder: Path) -> Path:
    """Make ``gt`` with true maps, ``mask.mrc``, ``run`` with a trained model's files and ``bin/cryodrgn``.

    The model decodes the latent z to the recovered map of state round(z).
    """
    for name in ("gt", "run", "bin/decoded"):
        (folder / name).mkdir(parents=True)
    for state in range(STATES):
        write_volume(folder / f"gt/{state:03d}.mrc", true_map(state))
        write_volume(folder / f"bin/decoded/{state}.mrc", recovered_map(state))
    write_volume(folder / "mask.mrc", mask())
    program = folder / "bin/cryodrgn"
    program.write_text(STAND_IN)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    write_latents(folder / "run/z.7.pkl", np.repeat(np.arange(STATES), IMAGES))
    for name in ("weights.7.pkl", "config.yaml"):
        (folder / "run" / name).touch()
    return folder


def write_latents(path: Path, states: np.ndarray) -> None:
    """Write latents near the number of the state, and their log variance, as cryoDRGN does."""
    near = states + np.random.default_rng(0).uniform(-0.3, 0.3, len(states))
    latents = np.column_stack((near, np.zeros(len(states)))).astype(np.float32)
    with path.open("wb") as file:
        for array in (latents, np.zeros_like(latents)):
            pickle.dump(array, file)


def published_call(folder: Path, protocol: str, **changes: object) -> list[object]:
    """Return the flags of the published scripts."""
    flags: dict[str, object] = {
        "input-dir": folder / "run", "epoch": 7, "apix": PIXEL_SIZE, "output": folder / "out", "method": "mine",
        "gt-dir": folder / "gt", "mask": folder / "mask.mrc", "num-imgs": IMAGES, "num-vols": STATES,
        "command": folder / "bin/cryodrgn",
    } | {name.replace("_", "-"): value for name, value in changes.items()}  # fmt: skip
    call: list[object] = ["fsc", protocol]
    for name, value in flags.items():
        if value is not None:
            call += [f"--{name}", value] if value is not True else [f"--{name}"]
    return call


def calls(folder: Path) -> int:
    log = folder / "bin/calls.txt"
    return len(log.read_text().splitlines()) if log.exists() else 0
