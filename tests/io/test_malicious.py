"""Files made to run code, to climb out of their folder or to fill the memory, through the readers that users reach.

Each is a clear FormatError, nothing of it is run (a canary would have been made), and nothing outside is read.
"""

from __future__ import annotations

import builtins
import io
import os
import pickle
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryobench.core import CTFParameters, FormatError, Particles, Poses
from cryobench.io import (
    MrcStackWriter,
    open_images,
    read_array,
    read_array_pickle,
    read_array_pickles,
    read_arrays,
    read_cs,
    read_indices,
    read_pickle_words,
    read_poses,
    read_torch_archive,
    write_cs,
    write_star,
)
from cryobench.methods import find_latents, read_latents, read_submission
from cryobench.methods.systems import SYSTEMS, Choice, detect_systems

CANARY = "canary"
IN_ORDER = Choice(in_order=True)  # so that nothing is refused for its order alone
TOUCH = f"open({CANARY!r}, 'w').close()"


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


class Named:
    """A class of the tests' own, whose state a pickle would set."""

    def __setstate__(self, state: object) -> None:
        Path(CANARY).touch()


def text_pickle(module: str, name: str, argument: str) -> bytes:
    """Return a pickle that calls a function by the oldest opcodes."""
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


ARRAY = pickle.dumps(np.eye(3, dtype=np.float32), protocol=4)
SYSTEM = b"cos\nsystem\n"
ATTACKS: dict[str, bytes] = {
    "os.system": pickle.dumps(Calls(os.system, f"touch {CANARY}")),
    "posix.system": text_pickle("posix", "system", f"touch {CANARY}"),
    "builtins.eval": pickle.dumps(Calls(builtins.eval, TOUCH.replace("open", "__import__('io').open"))),
    "builtins.exec": pickle.dumps(Calls(builtins.exec, TOUCH)),
    "__builtin__.eval": text_pickle("__builtin__", "eval", TOUCH),
    "subprocess.Popen": pickle.dumps(Calls(subprocess.Popen, ["touch", CANARY])),
    "open for writing": pickle.dumps(Calls(open, CANARY, "w")),
    "within a tuple": pickle.dumps((np.eye(3), Calls(os.system, f"touch {CANARY}"))),
    "after an array": ARRAY + pickle.dumps(Calls(os.system, f"touch {CANARY}")),
    "an array of objects": pickle.dumps(np.array([Calls(os.system, f"touch {CANARY}")], dtype=object)),
    "an array of plain objects": pickle.dumps(np.array([{}, None], dtype=object)),
    "an array of records of objects": pickle.dumps(np.zeros(1, [("a", "O")])),
    "an object of a class": pickle.dumps(Named(), protocol=2),
    "a state of a class": b"c" + Named.__module__.encode() + b"\nNamed\n)\x81}b.",
    "INST": b"(V" + f"touch {CANARY}".encode() + b"\nios\nsystem\n.",
    "OBJ": b"(" + SYSTEM + b"V" + f"touch {CANARY}".encode() + b"\no.",
    "NEWOBJ": SYSTEM + b"V" + f"touch {CANARY}".encode() + b"\n\x85\x81.",
    "NEWOBJ_EX": SYSTEM + b"V" + f"touch {CANARY}".encode() + b"\n\x85}\x92.",
    "STACK_GLOBAL": b"Vos\nVsystem\n\x93V" + f"touch {CANARY}".encode() + b"\n\x85R.",
    "a dotted name": b"\x80\x04Vnumpy\nVndarray.__init_subclass__\n\x93)R.",
    "a name within numpy": b"cnumpy\nload\n(V" + CANARY.encode() + b"\ntR.",
    "a name in numpy's own namespace": b"cnumpy._core.multiarray\nfromfile\n(V/etc/passwd\ntR.",
    "numpy.f2py's compiler": text_pickle("numpy.f2py", "compile", TOUCH),
    "a codec": b"c_codecs\nlookup\n(Vos\ntR.",
    "an encoding that imports": b"c_codecs\nencode\n(Va\nVos\ntR.",
    "another codec of _codecs.encode": b"c_codecs\nencode\n(Va\nVunicode_escape\ntR.",
    "EXT": b"\x82\x01.",
    "PERSID": b"P0\n.",
    "BINPERSID": b"V0\nQ.",
    "a state of numpy's ndarray": b"cnumpy\nndarray\n}V__reduce__\nNsb.",
    "a state of numpy's dtype": b"cnumpy\ndtype\n}V__call__\nNsb.",
    "a state of a function": b"cnumpy.core.multiarray\n_reconstruct\n}V__code__\nNsb.",
    "a state with slots": b"cnumpy.core.multiarray\n_reconstruct\nN}V__globals__\nNs\x86b.",
    "a type that is a call": b"cnumpy\ndtype\n(cos\nsystem\ntR.",
    "_reconstruct of another class": b"cnumpy.core.multiarray\n_reconstruct\n(cbuiltins\nobject\n(I0\ntVb\ntR.",
    "scalar of objects": b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(VO8\nI0\nI1\ntRN\x86tR.",
    "copyreg": b"ccopyreg\n_reconstructor\n(cos\nsystem\nNNtR.",
    "functools.reduce": b"cfunctools\nreduce\n(cos\nsystem\n]V" + f"touch {CANARY}".encode() + b"\natR.",
    "operator.attrgetter": b"coperator\nattrgetter\n(Vsystem\ntR.",
    "torch's loader": b"ctorch.storage\n_load_from_bytes\n(Va\ntR.",
    "nested twenty thousand deep": b")" + b"\x85" * 20_000 + b".",
    "lists of lists of lists": b"]q\x00" + b"".join(
        b"0(" + (b"h" + bytes([depth])) * 10 + b"lq" + bytes([depth + 1]) for depth in range(20)
    ) + b".",
    "a length that is not there": b"\x8e" + (2**62).to_bytes(8, "little") + b"a.",
    "an array larger than its bytes": ARRAY.replace(b"K\x03K\x03\x86", b"J\xff\xff\xff\x7fK\x03\x86"),
    "a memo of two thousand million": b"Nr\xfe\xff\xff\x7f" + SYSTEM + b".",
    "truncated": ARRAY[:-20],
    "empty": b"",
    "no pickle": b"\x7fELF" + b"\0" * 100,
}  # fmt: skip


def torch_zip(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, value in members.items():
            archive.writestr(name, value)
    return content.getvalue()


def with_storage(kind: bytes, key: bytes, count: bytes = b"K\x01") -> bytes:
    """Return a pickle of a tensor of one number whose storage is named like this."""
    storage = b"(X\x07\x00\x00\x00storage" + kind + b"V" + key + b"\nVcpu\n" + count + b"tQ"
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00))\x89}tR."


def overlapping() -> bytes:
    """Return an archive whose many members are the same bytes: small, and large when all are read."""
    content = bytearray(torch_zip({"a/data.pkl": b"N.", "a/data/0": b"\0" * 4096}))
    end = content.rindex(b"PK\x05\x06")
    start = int.from_bytes(content[end + 16 : end + 20], "little")
    directory = bytes(content[start:end])
    last = directory[directory.rindex(b"PK\x01\x02") :]
    entries = b"".join(last.replace(b"a/data/0", f"a/data/{i:x}".encode(), 1) for i in range(1, 16))
    tail = bytearray(content[end:])
    tail[8:12] = (17).to_bytes(2, "little") * 2
    tail[12:16] = len(directory + entries).to_bytes(4, "little")
    return bytes(content[:start]) + directory + entries + bytes(tail)


FLOAT = b"ctorch\nFloatStorage\n"
ARCHIVES: dict[str, bytes] = {
    **{f"pickle: {name}": torch_zip({"a/data.pkl": content}) for name, content in ATTACKS.items() if content},
    "a foreign name": torch_zip({"a/data.pkl": b"ctorch.jit\nload\n(Va\ntR."}),
    "a foreign storage": torch_zip({"a/data.pkl": with_storage(b"cos\nsystem\n", b"0"), "a/data/0": b"\0" * 4}),
    "a storage that climbs out": torch_zip({"a/data.pkl": with_storage(FLOAT, b"../../secret"), "secret": b"\0" * 4}),
    "a member that climbs out": torch_zip({"a/data.pkl": b"N.", f"../{CANARY}": b""}),
    "a member in the middle of a way out": torch_zip({"a/data.pkl": b"N.", f"a/../../{CANARY}": b""}),
    "an absolute member": torch_zip({"a/data.pkl": b"N.", f"/{CANARY}": b""}),
    "a member of another system": torch_zip({"a/data.pkl": b"N.", f"..\\{CANARY}": b""}),
    "a drive of another system": torch_zip({"a/data.pkl": b"N.", f"C:{CANARY}": b""}),
    "a bomb": torch_zip(
        {"a/data.pkl": with_storage(FLOAT, b"0", b"J\0\0\x80\0"), "a/data/0": b"\0" * 2**25}, zipfile.ZIP_DEFLATED
    ),
    "members that overlap": overlapping(),
    "numbers that are not there": torch_zip({"a/data.pkl": with_storage(FLOAT, b"0", b"J\0\0\0\x7f"), "a/data/0": b""}),
    "no pickle in it": torch_zip({"a/version": b"3"}),
    "two pickles in it": torch_zip({"a/data.pkl": b"N.", "b/data.pkl": b"N."}),
    "truncated": torch_zip({"a/data.pkl": b"N."})[:-10],
    "empty": b"",
}


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.rglob(f"*{CANARY}*"))
    assert not (tmp_path.parent / CANARY).exists()


def poses_of(path: Path) -> Poses:
    return read_poses(path, 16, 1.0)


def indices_of(path: Path) -> Any:
    return read_indices(path, 10)


PICKLE_READERS: list[Callable[[Path], Any]] = [read_array_pickles, poses_of, indices_of, read_latents]


@pytest.mark.parametrize("reader", PICKLE_READERS)
@pytest.mark.parametrize("name", ATTACKS)
def test_a_pickle_runs_nothing(tmp_path: Path, reader: Callable[[Path], Any], name: str) -> None:
    (tmp_path / "a.pkl").write_bytes(ATTACKS[name])
    if name == "after an array" and reader in {poses_of, indices_of}:  # they read the first alone
        reader = read_array_pickles
    with pytest.raises(FormatError, match=r"a\.pkl"):
        reader(tmp_path / "a.pkl")


@pytest.mark.parametrize("name", ATTACKS)
def test_settings_in_a_pickle_run_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pkl").write_bytes(ATTACKS[name])
    try:
        words = read_pickle_words(tmp_path / "a.pkl")
    except FormatError:
        return
    plain = (dict, list, tuple, set, frozenset, str, bytes, int, float, type(None), np.ndarray, np.generic)
    assert all(isinstance(word, plain) or type(word).__name__ in {"Foreign", "Name"} for word in words)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_torch_archive_runs_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.pt").write_bytes(ARCHIVES[name])
    with pytest.raises(FormatError, match=r"a\.pt"):
        read_torch_archive(tmp_path / "a.pt")


SETTINGS = """
dataset_args: {{particles: {images}, ind: {ind}{poses}}}
lattice_args: {{D: 17}}
model_args: {{zdim: 3, {words}}}
{more}
"""


def yaml(images: str = "particles.star", ind: str = "null", poses: str = "", words: str = "", more: str = "") -> str:
    return SETTINGS.format(images=images, ind=ind, poses=poses, words=words, more=more)


VAE = {"poses": ", poses: poses.pkl", "words": "qlayers: 1, encode_mode: resid"}
OUTPUTS: dict[str, dict[str, Any]] = {
    "cryodrgn": {"config.yaml": yaml(**VAE), "z.1.pkl": None},
    "cryodrgn-dec": {"config.yaml": yaml(words="layers: 1, dim: 8"), "z.1.pkl": None},
    "cryodrgn-abinit-het": {"config.yaml": yaml(words=VAE["words"]), "z.1.pkl": None, "pose.1.pkl": ARRAY},
    "cryodrgn-abinit": {"config.yaml": yaml(more="data_norm_mean: 0"), "z.1.pkl": None, "pose.1.pkl": ARRAY},
    "drgnai": {"out/drgnai-configs.yaml": "training: {z_dim: 3, particles: a.star}", "out/conf.1.pkl": None},
    "opus-dsd": {"config.pkl": pickle.dumps({"model_args": {"template_type": "conv"}}), "z.1.pkl": None},
    "recovar": {"model/params.pkl": pickle.dumps({"version": "0.5"}), "model/embeddings.pkl": None},
}


def write(folder: Path, files: dict[str, Any], content: bytes) -> list[Path]:
    """Write an output; return the files that stand as None, which get the content."""
    attacked = []
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if value is None else value.encode() if isinstance(value, str) else value)
        attacked += [path] if value is None else []
    return attacked


@pytest.fixture
def particles(tmp_path: Path) -> Particles:
    (tmp_path / "dataset").mkdir()
    with MrcStackWriter(tmp_path / "dataset" / "a.mrcs", 3, 16, 2.0) as writer:
        writer.write(np.zeros((3, 16, 16), np.float32))
    (tmp_path / "dataset" / "a.txt").write_text("a.mrcs\n")
    ctf = CTFParameters(np.tile([1e4, 1e4, 0, 300, 2.7, 0.1, 0], (3, 1)))
    poses = Poses(np.tile(np.eye(3, dtype=np.float32), (3, 1, 1)), np.zeros((3, 2), np.float32))
    return Particles(open_images(tmp_path / "dataset" / "a.txt"), poses, ctf, 2.0, -1)


def test_each_system_of_pickles_is_attacked() -> None:
    others = {"cryosparc", "relion"}
    assert set(OUTPUTS) <= set(SYSTEMS)
    assert {name for name in SYSTEMS if not any(name.startswith(other) for other in others)} >= set(OUTPUTS)


@pytest.mark.parametrize("system", OUTPUTS)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_output_runs_nothing(tmp_path: Path, particles: Particles, system: str, name: str) -> None:
    folder = tmp_path / "output"
    write(folder, OUTPUTS[system], ATTACKS[name])
    assert system in [found.name for found in detect_systems(folder)]
    with pytest.raises(FormatError, match="output"):
        SYSTEMS[system].read(folder, particles, IN_ORDER)


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_output_of_torch_runs_nothing(tmp_path: Path, particles: Particles, name: str) -> None:
    folder = tmp_path / "output"
    write(folder, OUTPUTS["opus-dsd"], ARCHIVES[name])
    with pytest.raises(FormatError, match="output"):
        SYSTEMS["opus-dsd"].read(folder, particles, IN_ORDER)


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize(("system", "settings"), [("opus-dsd", "config.pkl"), ("cryodrgn", "config.pkl")])
def test_pickled_settings_of_an_output_run_nothing(
    tmp_path: Path, particles: Particles, system: str, settings: str, name: str
) -> None:
    folder = tmp_path / "output"
    write(folder, {settings: ATTACKS[name], "z.1.pkl": ARRAY}, b"")
    with pytest.raises(FormatError, match=rf"output/{settings}"):
        detect_systems(folder)
    with pytest.raises(FormatError, match="output"):
        SYSTEMS[system].read(folder, particles, IN_ORDER)


@pytest.mark.parametrize(
    "tag",
    [
        f"!!python/object/apply:os.system ['touch {CANARY}']",
        f"!!python/object/new:os.system ['touch {CANARY}']",
        f'!!python/object/apply:builtins.eval ["{TOUCH}"]',
        "!!python/name:os.system",
        "!!python/object/apply:eval ['1']",
        "!!python/name:exec",
        "!!python/module:os",
        f"!!python/object/apply:subprocess.Popen [['touch', {CANARY}]]",
    ],
)
def test_settings_in_yaml_run_nothing(tmp_path: Path, particles: Particles, tag: str) -> None:
    folder = tmp_path / "output"
    write(folder, {"config.yaml": yaml(**VAE, more=f"norm: {tag}"), "z.1.pkl": ARRAY}, b"")
    for reader in (detect_systems, lambda output: SYSTEMS["cryodrgn"].read(output, particles, IN_ORDER)):
        with pytest.raises(
            FormatError, match=r"config\.yaml: not YAML \(it names (os|builtins|subprocess|eval|exec).*, which is no"
        ):
            reader(folder)


@pytest.mark.parametrize("tag", ["!!python/name:torch.nn.ReLU", "!!python/object/apply:numpy.dtype [f4]"])
def test_a_word_of_another_package_is_left_out(tmp_path: Path, particles: Particles, tag: str) -> None:
    folder = tmp_path / "output"
    write(folder, {"config.yaml": yaml(**VAE, more=f"norm: {tag}"), "z.1.pkl": ARRAY}, b"")
    found = SYSTEMS["cryodrgn"].read(folder, particles, IN_ORDER)
    np.testing.assert_array_equal(found.submission.latents, np.eye(3))


def test_words_among_settings_that_act_are_refused(tmp_path: Path, particles: Particles) -> None:
    """As cryoDRGN's own settings, with a call of ``os.system`` among them."""

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {CANARY}",)

    folder = tmp_path / "output"
    model = {"qlayers": 1, "encode_mode": "resid", "zdim": 3, "more": Evil()}
    settings = {"dataset_args": {"poses": "a"}, "lattice_args": {"D": 17}, "model_args": model}
    write(folder, {"config.pkl": pickle.dumps(settings), "z.1.pkl": ARRAY}, b"")
    with pytest.raises(FormatError, match=r"config\.pkl: .*it names (os|posix)\.system"):
        detect_systems(folder)
    assert not (tmp_path / CANARY).exists()


def test_settings_behind_a_link_are_named(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(yaml(**VAE))
    (tmp_path / "output").mkdir()
    (tmp_path / "output/config.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(FormatError, match=r"config\.yaml' leads out of its folder"):
        detect_systems(tmp_path / "output")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [*a]", "no table|another program"),
        ("[" * 1500, "not YAML"),
        ("a: 1\n" * 20_000, "characters"),
        ("a: !!timestamp 9999-99-99", "not YAML"),
        ("\0", "not YAML"),
        ("? {a: 1}\n: 1", "not YAML"),
        ("a: !foreign 1", "not YAML"),
        ("- 1", "no table"),
        ("", "no table"),
        ("dataset_args: 1\nmodel_args: [2]\nlattice_args: x", "another program"),
    ],
)
def test_odd_settings_in_yaml_are_refused(tmp_path: Path, particles: Particles, text: str, message: str) -> None:
    folder = tmp_path / "output"
    write(folder, {"config.yaml": text, "z.1.pkl": ARRAY}, b"")
    if "another program" in message:
        assert detect_systems(folder) == []
    else:
        with pytest.raises(FormatError, match=message):
            detect_systems(folder)
    with pytest.raises(FormatError, match=message):
        SYSTEMS["cryodrgn"].read(folder, particles, IN_ORDER)


@pytest.mark.parametrize("system", OUTPUTS)
def test_an_output_is_not_read_through_a_link(tmp_path: Path, particles: Particles, system: str) -> None:
    folder = tmp_path / "output"
    (outside := tmp_path / "outside.pkl").write_bytes(ARRAY)
    for path in write(folder, OUTPUTS[system], b""):
        path.unlink()
        path.symlink_to(outside)
    with pytest.raises(FormatError, match="leads out of its folder"):
        SYSTEMS[system].read(folder, particles, IN_ORDER)


def test_volumes_are_not_read_through_a_link(tmp_path: Path, particles: Particles) -> None:
    folder = tmp_path / "output"
    kmeans = folder / "analyze.1" / "kmeans1"
    write(folder, {"config.yaml": yaml(**VAE), "z.1.pkl": ARRAY, "analyze.1/kmeans1/centers_ind.txt": "0\n"}, b"")
    (tmp_path / "outside.mrc").write_bytes(b"secret")
    (kmeans / "vol_001.mrc").symlink_to(tmp_path / "outside.mrc")
    with pytest.raises(FormatError, match="leads out of its folder"):
        SYSTEMS["cryodrgn"].read(folder, particles, IN_ORDER)


@pytest.mark.parametrize("name", ["../../secret.pkl", "/etc/passwd", "secret\0.pkl", "a" * 5000 + ".pkl", "/dev/zero"])
def test_a_selection_elsewhere_is_not_read(tmp_path: Path, particles: Particles, name: str) -> None:
    (tmp_path.parent / "secret.pkl").unlink(missing_ok=True)
    folder = tmp_path / "output"
    quoted = '"' + name.replace("\0", "\\0") + '"'
    write(folder, {"config.yaml": yaml(**VAE, ind=quoted), "z.1.pkl": ARRAY}, b"")
    with pytest.raises(FormatError, match="run on a selection of particles"):
        SYSTEMS["cryodrgn"].read(folder, particles, Choice())


@pytest.mark.parametrize("path", ["../a.mrcs", "/a/../../a.mrcs", "a\0.mrcs"])
def test_images_named_by_an_input_are_not_opened(tmp_path: Path, particles: Particles, path: str) -> None:
    folder = tmp_path / "output"
    write(folder, {"config.yaml": yaml(**VAE), "z.1.pkl": ARRAY}, b"")
    dtype = [("uid", "u8"), ("blob/path", "S30"), ("blob/idx", "u4")]
    table = np.array([(i, path.encode(), i) for i in range(3)], dtype)
    write_cs(folder / "particles.cs", table)
    (folder / "config.yaml").write_text(yaml(**VAE, images="particles.cs"))
    with pytest.raises(FormatError, match=r"climbs out of its folder|is no stack of the dataset"):
        SYSTEMS["cryodrgn"].read(folder, particles, Choice())


@pytest.mark.parametrize("image", ["1@../secret.mrcs", "1@/etc/passwd", "1@a/../../secret.mrcs", "1@link.mrcs"])
@pytest.mark.parametrize("kind", ["star", "cs", "txt"])
def test_a_list_of_images_stays_in_its_folder(tmp_path: Path, image: str, kind: str) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (tmp_path / "secret.mrcs").write_bytes(b"secret")
    (folder / "link.mrcs").symlink_to(tmp_path / "secret.mrcs")
    stack = image.partition("@")[2]
    path = folder / f"a.{kind}"
    if kind == "star":
        write_star(path, {"particles": {"rlnImageName": [image], "rlnB": ["1"]}})
    elif kind == "cs":
        write_cs(path, np.array([(stack.encode(), 0)], [("blob/path", "S40"), ("blob/idx", "u4")]))
    else:
        path.write_text(stack + "\n")
    with pytest.raises(FormatError, match=r"lead(s)? out of its folder|there is no stack"):
        open_images(path)


@pytest.mark.parametrize("name", ["../secret.mrc", "/etc/passwd", "a/../../../secret.mrc", "link.mrc", "a\0.mrc"])
def test_a_submission_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "submission"
    (folder / "volumes").mkdir(parents=True)
    (tmp_path / "secret.mrc").write_bytes(b"secret")
    (folder / "volumes" / "link.mrc").symlink_to(tmp_path / "secret.mrc")
    (folder / "submission.json").write_text(
        '{"method": {"name": "a", "version": "1", "role": "method", "summary": ""}, "dataset": "d", '
        '"dataset_checksum": "' + "0" * 64 + '", "kind": "fixed-pose", "particles": 3, "seconds": 1}'
    )
    (folder / "volumes" / "index.csv").write_text(f'file,particle\n"{name}",0\n')
    with pytest.raises(FormatError, match=r"index\.csv"):
        read_submission(folder)


def test_numpys_files_run_nothing(tmp_path: Path) -> None:
    evil = np.array([Calls(os.system, f"touch {CANARY}")], dtype=object)
    np.save(tmp_path / "a.npy", evil, allow_pickle=True)
    np.savez(tmp_path / "a.npz", rotations=evil)
    (tmp_path / "a.cs").write_bytes((tmp_path / "a.npy").read_bytes())
    for reader in (read_array, read_latents, lambda path: read_indices(path, 3)):
        with pytest.raises(FormatError, match=r"a\.npy"):
            reader(tmp_path / "a.npy")
    with pytest.raises(FormatError, match=r"a\.npz"):
        read_arrays(tmp_path / "a.npz", ("rotations",))
    with pytest.raises(FormatError, match=r"a\.cs"):
        read_cs(tmp_path / "a.cs")
    (tmp_path / "latents").mkdir()
    (tmp_path / "latents" / "latents.npy").write_bytes((tmp_path / "a.npy").read_bytes())
    with pytest.raises(FormatError, match="not a readable array"):
        find_latents(tmp_path / "latents")


@pytest.mark.parametrize("shape", [(2**44,), (2**70,), (2**44, 0, 2**44)])
def test_an_array_file_cannot_claim_what_it_has_not(tmp_path: Path, shape: tuple[int, ...]) -> None:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f8", "fortran_order": False, "shape": shape})
    (tmp_path / "a.npy").write_bytes(content.getvalue())
    with pytest.raises(FormatError, match=r"a\.npy"):
        read_array(tmp_path / "a.npy")


def claiming(sizes: dict[str, int]) -> bytes:
    """Return an archive whose directory gives its arrays, each of one number, these sizes."""
    content = io.BytesIO()
    np.savez_compressed(content, **{name: np.zeros(1) for name in sizes})
    raw = bytearray(content.getvalue())
    at = 0
    for size in sizes.values():
        at = raw.index(b"PK\x01\x02", at) + 24
        raw[at : at + 4] = size.to_bytes(4, "little")
    return bytes(raw)


@pytest.mark.parametrize("sizes", [{"a": 2**30 + 1}, {"a": 2**29, "b": 2**29, "c": 1}, {"a": 136, "b": 2**32 - 2}])
def test_an_archive_of_arrays_cannot_claim_more_than_it_accounts_for(tmp_path: Path, sizes: dict[str, int]) -> None:
    (tmp_path / "a.npz").write_bytes(claiming(sizes))
    with pytest.raises(FormatError, match=r"a\.npz: [0-9]+ bytes that claim to hold [0-9,]+ bytes of arrays: expected"):
        read_arrays(tmp_path / "a.npz", ("a",))


def test_an_archive_of_arrays_that_claims_less_is_read_no_further(tmp_path: Path) -> None:
    """So the sizes that are checked are those that count."""
    (tmp_path / "a.npz").write_bytes(claiming({"a": 130}))
    with pytest.raises(FormatError, match=r"a\.npz: not readable"):
        read_arrays(tmp_path / "a.npz", ("a",))


def test_a_member_that_claims_a_large_array_is_refused(tmp_path: Path) -> None:
    for shape in ((2**44,), (2**70,)):
        content = io.BytesIO()
        np.lib.format.write_array_header_1_0(content, {"descr": "<f8", "fortran_order": False, "shape": shape})
        (tmp_path / "a.npz").write_bytes(torch_zip({"a.npy": content.getvalue()}))
        with pytest.raises(FormatError, match=r"a\.npz: not readable"):
            read_arrays(tmp_path / "a.npz", ("a",))


def test_an_archive_of_arrays_by_another_compression_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.save(content, np.zeros(1))
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        (tmp_path / "a.npz").write_bytes(torch_zip({"a.npy": content.getvalue()}, compression))
        with pytest.raises(FormatError, match=r"'a\.npy' is neither stored nor deflated"):
            read_arrays(tmp_path / "a.npz", ("a",))


def test_an_archive_of_zeros_is_read(tmp_path: Path) -> None:
    """Deflated, they take a thousandth of their size."""
    zeros = np.zeros(2**23)
    np.savez_compressed(tmp_path / "a.npz", a=zeros)
    assert (tmp_path / "a.npz").stat().st_size * 900 < zeros.nbytes
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npz", ("a",))[0], zeros)


def test_a_pipe_that_settings_name_is_not_waited_for(tmp_path: Path, particles: Particles) -> None:
    folder = tmp_path / "output"
    table = pickle.dumps(np.zeros((3, 3), np.float32))
    for pipe in (tmp_path / "far.star", folder / "near.star", tmp_path / "dataset" / "beside.star"):
        write(folder, {"config.yaml": yaml(str(pipe), **VAE), "z.1.pkl": table}, b"")
        os.mkfifo(pipe)
        with pytest.raises(FormatError, match="the order of the rows is not known"):
            SYSTEMS["cryodrgn"].read(folder, particles, Choice())


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.pkl")
    assert stat.S_ISFIFO((tmp_path / "a.pkl").stat().st_mode)
    for reader in (read_array_pickle, read_pickle_words, read_torch_archive):
        with pytest.raises(FormatError, match="no regular file"):
            reader(tmp_path / "a.pkl")
        with pytest.raises(FormatError, match="no regular file"):
            reader(Path("/dev/zero"))
