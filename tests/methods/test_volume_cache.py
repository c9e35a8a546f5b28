"""Volumes that are not made twice."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import ProgramError, Volume
from cryobench.io import read_volume, write_volume
from cryobench.methods import MadeVolumes
from cryobench.methods.volume_cache import CachedMaker, volume_identity
from cryobench.methods.volume_makers import VolumeMaker

LATENTS = np.arange(24, dtype=np.float32).reshape(12, 2)


@dataclasses.dataclass
class Maker:
    """Makes volumes that hold their latent, and counts them."""

    pixel_size: float = 2.0
    made: int = 0
    fails: bool = False
    model: tuple[Path, ...] = ()

    def check(self) -> None:
        """Nothing is missing."""

    def make(self, latents: np.ndarray, folder: Path) -> list[Path]:
        if self.fails:
            raise ProgramError("no")
        paths = []
        for row in latents:
            data = np.full((8, 8, 8), row[1], np.float32)
            data[0, 0, 0] = row[0]
            paths.append(folder / f"made_{len(paths)}.mrc")
            write_volume(paths[-1], Volume(data, self.pixel_size))
            self.made += 1
        return paths


def first(paths: list[Path]) -> list[float]:
    return [float(read_volume(path).data[0, 0, 0]) for path in paths]


def folder(tmp_path: Path, name: str) -> Path:
    (tmp_path / name).mkdir()
    return tmp_path / name


def test_each_latent_is_made_once(tmp_path: Path) -> None:
    maker = Maker()
    cached = CachedMaker(maker, "a", tmp_path / "cache")
    assert isinstance(cached, VolumeMaker)
    assert first(cached.make(LATENTS[[3, 1, 3]], folder(tmp_path, "1"))) == [6, 2, 6]
    assert maker.made == 2
    again = cached.make(LATENTS[[1, 5, 3]], folder(tmp_path, "2"))
    assert first(again) == [2, 10, 6]
    assert maker.made == 3
    assert len(set(again)) == 3
    assert all(path.parent == tmp_path / "2" for path in again), "the caller may move or delete them"
    for path in again:
        path.unlink()
    assert first(cached.make(LATENTS[[1]], folder(tmp_path, "3"))) == [2]
    assert maker.made == 3


def test_what_decides_a_volume_decides_whether_it_is_made(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pkl"
    weights.write_text("one")
    decoder = Maker(model=(weights,))
    identities = [volume_identity(decoder, "cryodrgn 4.3.1"), volume_identity(decoder, "cryodrgn 4.3.2")]
    identities.append(volume_identity(Maker(model=(weights,), pixel_size=2.5), "cryodrgn 4.3.1"))
    weights.write_text("two")
    identities.append(volume_identity(decoder, "cryodrgn 4.3.1"))
    assert len(set(identities)) == 4
    for place, identity in enumerate(identities):
        maker = Maker()
        CachedMaker(maker, identity, tmp_path / "cache").make(LATENTS[:2], folder(tmp_path, str(place)))
        assert maker.made == 2


def test_a_failure_leaves_no_volume_and_dead_leftovers_go(tmp_path: Path) -> None:
    cache = folder(tmp_path, "cache")
    (cache / ".abc.mrc.999999999.tmp").write_bytes(b"half")
    with pytest.raises(ProgramError):
        CachedMaker(Maker(fails=True), "a", cache).make(LATENTS[:2], folder(tmp_path, "1"))
    assert not list(cache.glob("*.mrc"))
    CachedMaker(Maker(), "a", cache).make(LATENTS[:2], folder(tmp_path, "2"))
    assert len(list(cache.iterdir())) == 2


def test_volumes_are_made_in_batches_through_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryobench.methods.made_volumes.BATCH", 3)
    maker = Maker()
    cached = CachedMaker(maker, "a", tmp_path / "cache")
    particles = np.arange(8)
    for _ in range(2):
        with MadeVolumes(cached, LATENTS, particles, np.arange(8), beside=tmp_path / "beside") as made:
            assert [made.at(int(each)).data[0, 0, 0] for each in particles] == [2.0 * each for each in particles]
            assert made.at(0).pixel_size == 2.0
            assert any((tmp_path / "beside").iterdir())
        assert not any((tmp_path / "beside").iterdir())
    assert maker.made == 8
