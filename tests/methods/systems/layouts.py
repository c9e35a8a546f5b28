"""Writers of outputs that no program was run for: each follows the layout that its program writes, field by field."""

from __future__ import annotations

import argparse
import datetime
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

N, BOX, PIXEL_SIZE = 48, 16, 24.0


def dataset_settings(images: str, poses: bool = True, ind: str | None = None) -> dict[str, Any]:
    settings = {
        "particles": images, "norm": (np.float32(0), np.float32(2.5)), "invert_data": True, "ind": ind,
        "keepreal": False, "window": True, "window_r": 0.85, "datadir": None, "ctf": "ctf.pkl",
    }  # fmt: skip
    return settings | ({"poses": "poses.pkl", "do_pose_sgd": False} if poses else {})


LATTICE = {"D": BOX + 1, "extent": 0.5, "ignore_DC": True}
NETWORK = {
    "qlayers": 3, "qdim": 256, "players": 3, "pdim": 256, "encode_mode": "resid", "enc_mask": 8, "pe_type": "geom_lowf",
    "pe_dim": None, "domain": "fourier", "activation": "relu",
}  # fmt: skip


def dumps(*contents: Any) -> bytes:
    """Return pickles in a row."""
    return b"".join(pickle.dumps(content) for content in contents)


def old_cryodrgn(folder: Path, z: np.ndarray, images: str, *, poses: bool = True, epoch: int = 4, **more: Any) -> None:
    """cryoDRGN before version 2: epochs from 0, settings in two pickles, the second with a date."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "dataset_args": dataset_settings(images, poses, more.pop("ind", None)),
        "lattice_args": LATTICE,
        "model_args": NETWORK | {"zdim": z.shape[1]},
    }
    meta = {"time": datetime.datetime(2021, 5, 1), "cmd": ["cryodrgn", "train_vae"], "version": "0.3.4"}
    (folder / "config.pkl").write_bytes(dumps(config, meta))
    for number in range(epoch + 1):
        shifted = z + (epoch - number)
        (folder / f"z.{number}.pkl").write_bytes(dumps(shifted, np.zeros_like(z)))
        (folder / f"weights.{number}.pkl").write_bytes(b"")


def drgnai(folder: Path, z: np.ndarray, poses: Any, images: str, epoch: int = 3, **settings: Any) -> None:
    """DRGN-AI 1.x: all in ``out``; conformations are one pickle; epochs from -1, the pretraining."""
    out = folder / "out"
    out.mkdir(parents=True)
    training = {
        "particles": images, "ctf": "ctf.pkl", "pose": None, "ind": None, "no_trans": False, "use_gt_poses": False,
        "refine_gt_poses": False, "z_dim": z.shape[1], "subtomogram_averaging": False,
    } | settings  # fmt: skip
    settings = {"training": training, "data_norm_mean": 0.0, "data_norm_std": 1.0}
    (out / "drgnai-configs.yaml").write_text(yaml.dump(settings, default_flow_style=False, sort_keys=False))
    for number in (-1, 0, epoch):
        (out / f"conf.{number}.pkl").write_bytes(dumps(z + (epoch - number)))
        (out / f"pose.{number}.pkl").write_bytes(dumps(poses))


def tensor_pickle(key: str, array: np.ndarray) -> bytes:
    """Return the opcodes that make a float32 tensor from the storage of a key."""

    def plain(value: Any) -> bytes:
        return pickle.dumps(value, protocol=2)[2:-1]

    strides = tuple(stride // array.itemsize for stride in array.strides)
    storage = plain("storage") + b"ctorch\nFloatStorage\n" + plain(key) + plain("cpu") + plain(array.size)
    call = b"(" + storage + b"tQ" + plain(0) + plain(array.shape) + plain(strides)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + call + b"\x89ccollections\nOrderedDict\n)RtR"


def torch_archive(tensors: dict[str, np.ndarray | None], others: dict[str, Any]) -> bytes:
    """Return what ``torch.save`` writes of a table of float32 tensors and other things."""
    items, members = b"", {}
    for number, (name, array) in enumerate(tensors.items()):
        value = b"N"
        if array is not None:
            value = tensor_pickle(str(number), array)
            members[f"z/data/{number}"] = array.tobytes()
        items += pickle.dumps(name, protocol=2)[2:-1] + value
    for name, content in others.items():
        items += pickle.dumps(name, protocol=2)[2:-1] + pickle.dumps(content, protocol=2)[2:-1]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("z/data.pkl", b"\x80\x02}(" + items + b"u.")
        archive.writestr("z/byteorder", b"little")
        for member, raw in members.items():
            archive.writestr(member, raw)
        archive.writestr("z/version", b"3\n")
    return content.getvalue()


class Tensor:
    """Stands for a tensor in a plain pickle, which calls torch's functions with bytes."""

    def __reduce__(self) -> Any:
        return _rebuild_tensor_v2, (b"bytes that torch alone reads", 0, (), ())


def _rebuild_tensor_v2() -> None:
    raise AssertionError("what is in a pickle was called")


def opus_dsd(folder: Path, mu: np.ndarray, bodies: np.ndarray | None, images: str, *, zipped: bool = True) -> None:
    """OPUS-DSD: settings as cryoDRGN's with words of its own, one of them a tensor; the table of latents by torch."""
    folder.mkdir(parents=True, exist_ok=True)
    model = NETWORK | {
        "zdim": mu.shape[1],
        "template_type": "conv",
        "down_vol_size": 12,
        "Apix": Tensor(),
        "templateres": 16,
    }
    config = {"dataset_args": dataset_settings(images), "lattice_args": LATTICE, "model_args": model, "seed": 1}
    meta = {"time": datetime.datetime(2024, 5, 1), "cmd": ["dsd", "train_cv"], "version": "0.3.2b"}
    (folder / "config.pkl").write_bytes(dumps(config, meta))
    near = {"nn": [np.array([], dtype=np.int64) for _ in mu]}
    for number, shift in ((0, 1), (1, 0)):
        zipped_table = torch_archive({"mu": mu + np.float32(shift), "multi_mu": bodies}, near)
        content = zipped_table if zipped else dumps(mu + shift, np.zeros_like(mu))
        (folder / f"z.{number}.pkl").write_bytes(content)


def recovar(
    folder: Path,
    tables: dict[int, np.ndarray],
    images: str,
    version: str | None,
    halves: list[np.ndarray] | None = None,
) -> None:
    """RECOVAR: before 1.0 one pickle of latents by dimension, by half-set where it has no version; else arrays."""
    model = folder / "model"
    model.mkdir(parents=True, exist_ok=True)
    arguments = argparse.Namespace(particles=images, zdim=list(tables), halfsets=None, ind=None)
    if version == "0.4":  # which put all that it could into arrays
        wrapped = np.empty((), dtype=object)
        wrapped[()] = arguments
        arguments = wrapped  # type: ignore[assignment]
    params = {
        "volume_shape": (BOX,) * 3,
        "voxel_size": np.float32(PIXEL_SIZE),
        "s": np.ones(3),
        "input_args": arguments,
    }
    (model / "params.pkl").write_bytes(dumps(params | ({} if version is None else {"version": version})))
    if halves is not None:
        (model / "halfsets.pkl").write_bytes(dumps(halves))
    if version is not None and version >= "1":
        for zdim, table in tables.items():
            (model / f"zdim_{zdim}").mkdir()
            np.save(model / f"zdim_{zdim}" / "latent_coords.npy", table)
            np.save(model / f"zdim_{zdim}" / "latent_coords_noreg.npy", table + 1)
        return
    stored = tables if version is not None or halves is None else {
        zdim: table[np.concatenate(halves)] for zdim, table in tables.items()
    }  # fmt: skip
    zs: dict[int | str, np.ndarray] = dict(stored)
    zs |= {f"{zdim}_noreg": table + 1 for zdim, table in stored.items()}
    covariances = {zdim: np.zeros((*table.shape, zdim)) for zdim, table in stored.items()}
    contrasts = {zdim: np.ones(len(table)) for zdim, table in stored.items()}
    embeddings = {"zs": zs, "cov_zs": covariances, "contrasts": contrasts, "zs_cont": {}}
    (model / "embeddings.pkl").write_bytes(dumps(embeddings))
