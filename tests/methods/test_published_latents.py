"""Latents are found where the published scripts look for them, and nothing in a pickle is run."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import CryobenchError, FormatError
from cryobench.io import read_array_pickle, read_array_pickles, write_cs
from cryobench.methods import find_latents, read_latents

Z = np.arange(40.0, dtype=np.float32).reshape(20, 2)


def dump(path: Path, *contents: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(pickle.dumps(content) for content in contents))
    return path


def test_of_two_pickles_in_a_row_the_first_is_the_mean(tmp_path: Path) -> None:
    path = dump(tmp_path / "z.9.pkl", Z, np.full_like(Z, -3))
    np.testing.assert_array_equal(read_latents(path), Z)
    assert len(read_array_pickles(path)) == 2
    np.testing.assert_array_equal(read_array_pickle(path), Z)


class Malicious:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (Path("touched"),)


@pytest.mark.parametrize("contents", [(Malicious(),), (Z, Malicious()), ({"z": [Malicious()]},)])
def test_nothing_in_a_pickle_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: tuple[object, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    dump(tmp_path / "m/z.1.pkl", *contents)
    with pytest.raises(FormatError, match=r"z\.1\.pkl: not a pickle of arrays \(it names"):
        find_latents(tmp_path / "m")
    assert not (tmp_path / "touched").exists()


def test_the_last_analysis_and_its_epoch_are_taken(tmp_path: Path) -> None:
    for epoch in (4, 19, 9):
        dump(tmp_path / f"z.{epoch}.pkl", Z + epoch, Z)
        dump(tmp_path / f"analyze.{epoch}/umap.pkl", Z - epoch)
    dump(tmp_path / "z.29.pkl", Z + 29, Z)
    found = find_latents(tmp_path)
    np.testing.assert_array_equal(found.umap, Z - 19)
    np.testing.assert_array_equal(found.latents, Z + 19)
    assert [path.name for path in found.sources] == ["umap.pkl", "z.19.pkl"]


def test_without_an_analysis_the_last_epoch_is_taken(tmp_path: Path) -> None:
    dump(tmp_path / "out/z.2.pkl", Z + 2)
    dump(tmp_path / "out/z.10.pkl", Z + 10)
    found = find_latents(tmp_path)
    assert found.umap is None
    np.testing.assert_array_equal(found.latents, Z + 10)


def test_drgnai_keeps_its_analysis_in_out(tmp_path: Path) -> None:
    dump(tmp_path / "out/analysis_100/umap.pkl", Z)
    found = find_latents(tmp_path)
    np.testing.assert_array_equal(found.umap, Z)
    assert found.latents is None


@pytest.mark.parametrize("name", ["reordered_z.npy", "latent_coords.npy", "latents.npy", "z.npy"])
def test_arrays_are_taken(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / name, Z.astype(np.float64))
    found = find_latents(tmp_path).latents
    assert found is not None
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, Z)


def test_components_of_cryosparc_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    table = np.zeros(5, dtype=[(f"components_mode_{i}/value", "<f4") for i in (0, 10, 2)] + [("uid", "<u8")])
    for i in (0, 2, 10):
        table[f"components_mode_{i}/value"] = i
    write_cs(tmp_path / "J6_particles.cs", table)
    np.testing.assert_array_equal(read_latents(tmp_path / "J6_particles.cs"), np.tile([0, 2, 10], (5, 1)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: f.rmdir(), "no such folder"),
        (lambda f: None, r"no latents there: expected umap\.pkl"),
        (lambda f: dump(f / "z.pkl", [1, 2]), r"z\.pkl: no array: expected latents"),
        (lambda f: np.save(f / "z.npy", np.zeros((2, 2, 2))), r"z\.npy: shape \(2, 2, 2\)"),
        (lambda f: np.save(f / "z.npy", np.zeros((0, 2))), r"z\.npy: empty"),
        (lambda f: np.save(f / "z.npy", np.array([["a"]])), r"z\.npy: .*type <U1"),
        (lambda f: np.save(f / "z.npy", np.array([[1.0], [np.nan]])), r"z\.npy: row 1 holds a value that is not fin"),
        (lambda f: (f / "z.pkl").write_bytes(b""), r"z\.pkl: empty"),
        (lambda f: (f / "z.pkl").write_bytes(b"nonsense"), r"z\.pkl: not a pickle of arrays"),
        (lambda f: dump(f / "umap.pkl", np.zeros((9, 3))), r"umap\.pkl: shape \(9, 3\): expected a drawing"),
        (lambda f: (dump(f / "umap.pkl", Z), dump(f / "z.1.pkl", Z[:5])), r"umap\.pkl: 20 rows, but .*z\.1\.pkl has 5"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    make(folder)
    with pytest.raises(CryobenchError, match=message):
        find_latents(folder)


def test_a_table_without_components(tmp_path: Path) -> None:
    write_cs(tmp_path / "J6_particles.cs", np.zeros(5, dtype=[("uid", "<u8")]))
    with pytest.raises(FormatError, match="no field components_mode_0/value"):
        read_latents(tmp_path / "J6_particles.cs")
