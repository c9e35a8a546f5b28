"""Latents and drawings in the folders that the published scripts expect, read without a method's own code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, InputError
from cryobench.io import natural_key, read_array, read_array_pickles, read_cs

_UMAP = "umap.pkl"
_LATENTS = ("reordered_z.npy", "latent_coords.npy", "latents.npy", "z.npy", "z.pkl")
_EPOCH = re.compile(r"z\.(\d+)\.pkl")
_ANALYSIS = re.compile(r"(?:analyze\.|analysis_)(\d+)")
_MODE = re.compile(r"components_mode_(\d+)/value")


@dataclass(frozen=True, eq=False)
class FoundLatents:
    """What a method left on disk.

    Parameters
    ----------
    latents
        Shape (N, d), or None where only a drawing was found.
    umap
        A drawing that was made before, shape (N, 2), or None.
    sources
        The files that were read.
    """

    latents: Float32[np.ndarray, "N d"] | None
    umap: Float32[np.ndarray, "N 2"] | None
    sources: tuple[Path, ...]


def find_latents(folder: Path) -> FoundLatents:
    """Read the latents of a method's folder, and the UMAP of them if there is one.

    Looked for, in the folder and in ``out`` below it: ``umap.pkl`` (there, or in the ``analyze.N`` or ``analysis_N`` of
    the largest N), and latents: ``z.N.pkl`` of that N, else of the largest N, else ``reordered_z.npy``,
    ``latent_coords.npy``, ``latents.npy``, ``z.npy``, ``z.pkl``.

    Raises
    ------
    InputError
        If the folder is missing.
    FormatError
        If nothing is there, or a file does not hold a row of numbers for each particle.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder: expected the method's files there")
    places = [place for place in (folder, folder / "out") if place.is_dir()]
    umap, epoch = _find_umap(places)
    latents = _find_epoch(places, epoch) or _first([place / name for name in _LATENTS for place in places])
    sources = tuple(path for path in (umap, latents) if path is not None)
    if not sources:
        raise FormatError(
            f"{folder}: no latents there: expected {_UMAP} (also in analyze.N or analysis_N), z.N.pkl, or one of "
            f"{', '.join(_LATENTS)}"
        )
    points = None if umap is None else read_latents(umap)
    if points is not None and points.shape[1] != 2:
        raise FormatError(f"{umap}: shape {points.shape}: expected a drawing, (N, 2)")
    coordinates = None if latents is None else read_latents(latents)
    if points is not None and coordinates is not None and len(points) != len(coordinates):
        raise FormatError(
            f"{umap}: {len(points):,} rows, but {latents} has {len(coordinates):,}: expected the same particles"
        )
    return FoundLatents(coordinates, points, sources)


def read_latents(path: Path) -> Float32[np.ndarray, "N d"]:
    """Read latents, shape (N, d).

    Parameters
    ----------
    path
        An array (``.npy``), a pickled one (``.pkl``; of several in a row the first, as cryoDRGN writes mean and log
        variance), or the table of a cryoSPARC job (``.cs``), whose components are taken.

    Raises
    ------
    FormatError
        If the file does not hold a row of finite numbers for each particle.
    """
    if path.suffix == ".cs":
        content: object = _components(path)
    else:
        content = read_array_pickles(path)[0] if path.suffix == ".pkl" else read_array(path)
    wanted = "expected latents, a row of numbers for each particle"
    if not isinstance(content, np.ndarray) or content.ndim not in {1, 2} or content.dtype.kind not in "fiu":
        shape = f"shape {content.shape}, type {content.dtype}" if isinstance(content, np.ndarray) else "no array"
        raise FormatError(f"{path}: {shape}: {wanted}")
    if not content.size:
        raise FormatError(f"{path}: empty: {wanted}")
    with np.errstate(over="ignore"):
        latents = np.asarray(content.reshape(len(content), -1), dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(latents).all(axis=1))
    if bad.size:
        raise FormatError(f"{path}: row {bad[0]} holds a value that is not finite: {wanted}")
    return latents


def _components(path: Path) -> np.ndarray:
    table = read_cs(path)
    found = sorted((int(match[1]), name) for name in table.dtype.names or () if (match := _MODE.fullmatch(name)))
    if not found:
        raise FormatError(f"{path}: no field components_mode_0/value: expected the particles of 3DVA or 3DFlex")
    return np.stack([table[name] for _, name in found], axis=1)


def _find_umap(places: list[Path]) -> tuple[Path | None, int | None]:
    found: list[tuple[int, Path]] = []
    for place in places:
        if (place / _UMAP).is_file():
            return place / _UMAP, None
        for analysis in sorted(place.iterdir(), key=natural_key):
            match = _ANALYSIS.fullmatch(analysis.name)
            if match and (analysis / _UMAP).is_file():
                found.append((int(match[1]), analysis / _UMAP))
    if not found:
        return None, None
    epoch, path = max(found)
    return path, epoch


def _find_epoch(places: list[Path], epoch: int | None) -> Path | None:
    found = {
        int(match[1]): path
        for place in places
        for path in sorted(place.iterdir(), key=natural_key)
        if (match := _EPOCH.fullmatch(path.name)) and path.is_file()
    }
    if not found:
        return None
    return found[epoch] if epoch in found else found[max(found)]


def _first(paths: list[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
