"""Stand-ins for programs of others: they check how they are called, and write the documented layout."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

_HEAD = f"""#!{sys.executable}
import json, os, pathlib, pickle, sys, time
import numpy as np

HERE = pathlib.Path(__file__).parent
call = sys.argv[1:]
with open(HERE / "calls.jsonl", "a") as log:
    log.write(json.dumps(call) + "\\n")
mode = (HERE / "mode.txt").read_text() if (HERE / "mode.txt").exists() else ""

def options(words):
    found, place = {{}}, 0
    while place < len(words):
        if words[place].startswith("-"):
            after = words[place + 1] if place + 1 < len(words) else "-"
            single = after[:1] == "-" and not after[1:2].isdigit()
            found[words[place]] = "" if single else words[place + 1]
            place += 1 if single else 2
        else:
            raise SystemExit(f"unexpected argument {{words[place]}}")
    return found

def write_map(path, value, box, apix):
    import struct
    words = [0] * 256
    words[0:4] = [box] * 3 + [2]
    words[7:10] = [box] * 3
    words[16:19] = [1, 2, 3]
    header = bytearray(struct.pack("<256i", *words))
    header[40:52] = struct.pack("<3f", *[box * apix] * 3)
    header[52:64] = struct.pack("<3f", 90, 90, 90)
    header[208:216] = b"MAP DD" + bytes(2)
    data = (np.arange(box**3, dtype=np.float32) * 1e-3 + value).astype("<f4")
    path.write_bytes(bytes(header) + data.tobytes())
"""

_CRYODRGN = """
BOX = 32
if call == ["--version"]:
    print("cryoDRGN 4.3.1")
    sys.exit(0)
if call[0] == "eval_vol":
    given = options(call[2:])
    assert set(given) == {"-c", "--zfile", "-o", "--Apix"}, given
    assert pathlib.Path(call[1]).is_file() and pathlib.Path(given["-c"]).is_file()
    points = np.loadtxt(given["--zfile"], ndmin=2)
    out = pathlib.Path(given["-o"])
    out.mkdir()
    if mode == "no volumes" or (mode == "no second batch" and len(points) == 1):
        print("CUDA is not there")
        sys.exit(3)
    for number, point in enumerate(points, 1):
        write_map(out / f"vol_{number:03d}.mrc", point[0], BOX, float(given["--Apix"]))
    sys.exit(0)

program, listing = call[:2]
given = options(call[2:])
assert program in {"train_vae", "train_dec", "abinit"}, program
assert ("--poses" in given) == (program != "abinit"), given
stacks = pathlib.Path(listing).read_text().split()
assert all(pathlib.Path(stack).is_file() and pathlib.Path(stack).is_absolute() for stack in stacks), stacks
ctf = pickle.loads(pathlib.Path(given["--ctf"]).read_bytes())
n = len(ctf)
if program != "abinit":
    rotations, shifts = pickle.loads(pathlib.Path(given["--poses"]).read_bytes())
    assert rotations.shape == (n, 3, 3) and shifts.shape == (n, 2)
out = pathlib.Path(given["-o"])
out.mkdir(exist_ok=True)
epochs, zdim = int(given.get("-n", 2)), int(given["--zdim"])
first = 1
if "--load" in given:
    first = int(pathlib.Path(given["--load"]).name.split(".")[1]) + 1
    assert pathlib.Path(given["--load"]).read_text() == f"weights of epoch {first - 1}"
    assert ("--load-z" in given) == (program == "train_dec")
    assert ("--load-poses" in given) == (program == "abinit")
model = {"zdim": zdim, "layers": 3, "dim": 64}
if program == "train_vae":
    model = {"zdim": zdim, "qlayers": 3, "encode_mode": "resid"}
settings = {
    "version": "4.3.1",
    "lattice_args": {"D": BOX + 1},
    "model_args": model,
    "dataset_args": {"particles": listing, "ind": None, **({"poses": given["--poses"]} if "--poses" in given else {})},
    **({"data_norm_mean": 0.0} if program == "abinit" else {}),
}
(out / "config.yaml").write_text(json.dumps(settings, indent=1))  # which is YAML too
print("(INFO) Use cuda False", flush=True)
if mode == "fails":
    print("RuntimeError: out of memory", file=sys.stderr)
    sys.exit(1)
for epoch in range(first, epochs + 1):
    print(f"(INFO) # [Train Epoch: {epoch}/{epochs}] [{n}/{n} particles] loss=0.5", flush=True)
    (out / f"weights.{epoch}.pkl").write_text(f"weights of epoch {epoch}")
    if mode == f"hangs in epoch {epoch}":
        (HERE / "hanging").touch()
        time.sleep(600)
    if mode == f"breaks in epoch {epoch}":
        (out / f"z.{epoch}.pkl").write_bytes(b"\\x80\\x04")
        sys.exit(1)
    if program == "abinit":
        poses = (np.broadcast_to(np.eye(3, dtype=np.float32), (n, 3, 3)).copy(), np.ones((n, 2), np.float32))
        (out / f"pose.{epoch}.pkl").write_bytes(pickle.dumps(poses))
    points = np.random.default_rng(int(given["--seed"])).normal(size=(n, zdim)).astype(np.float32) + epoch
    content = pickle.dumps(points)
    (out / f"z.{epoch}.pkl").write_bytes(content * 2 if program == "train_vae" else content)
"""

_RECOVAR = """
if call == ["--help"]:
    print("usage: recovar <command> [<args>]")
    sys.exit(1)
if call[0] == "pipeline":
    given = options(call[2:])
    want = {"--poses", "--ctf", "-o", "--mask", "--zdim", "--no-correct-contrast", "--no-downsample", "--accept-cpu",
            "--gpu-budget-gb"}
    assert set(given) == want, given
    assert given["--mask"] == "sphere" and float(given["--gpu-budget-gb"]) > 0
    n = len(pickle.loads(pathlib.Path(given["--ctf"]).read_bytes()))
    out = pathlib.Path(given["-o"])
    for zdim in map(int, given["--zdim"].split(",")):
        folder = out / "model" / f"zdim_{zdim}"
        folder.mkdir(parents=True)
        points = np.random.default_rng(zdim).normal(size=(n, zdim)).astype(np.float32)
        np.save(folder / "latent_coords.npy", points)
        np.save(folder / "latent_coords_noreg.npy", points * 2)
    (out / "model/params.pkl").write_bytes(pickle.dumps({"version": "1.0"}))
    sys.exit(0)
assert call[0] == "compute_state", call
given = options(call[2:])
assert set(given) == {"-o", "--latent-points", "--gpu-budget-gb", "--n-bins", "--n-min-particles"}, given
assert (pathlib.Path(call[1]) / "model").is_dir() and float(given["--gpu-budget-gb"]) > 0
points = np.loadtxt(given["--latent-points"], ndmin=2)
out = pathlib.Path(given["-o"])
out.mkdir()
for number, point in enumerate(points):
    write_map(out / f"state{number:03d}.mrc", point[0], 32, 12.0)
    write_map(out / f"state{number:03d}_half1_unfil.mrc", 0.0, 32, 12.0)
"""


def install_program(folder: Path, name: str) -> Path:
    """Put the stand-in of ``cryodrgn`` or ``recovar`` into a folder; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(_HEAD + {"cryodrgn": _CRYODRGN, "recovar": _RECOVAR}[name])
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program
