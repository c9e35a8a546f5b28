"""States given as maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from cryobench.core import Coordinate, Progress, State, Volume
from cryobench.datasets.states.base import Ensemble, Setting, Source, StatesBase, VolumeMaker
from cryobench.io import read_volume

_MAP = "map"


class Maps(StatesBase):
    """States given as maps, in this order."""

    kind: Literal["maps"] = "maps"
    maps: tuple[Source, ...] = Field(min_length=1)

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        names = [source.name for source in self.maps]
        return {"Maps": ", ".join(names if len(names) <= 4 else [*names[:2], "...", names[-1]])}

    def summary(self, count: int) -> str:
        """Return how many maps there are."""
        return f"Images of {count} given map{'s' if count > 1 else ''}."

    def sources(self) -> tuple[Source, ...]:
        """Return the maps."""
        return self.maps

    def with_sources(self, sources: Sequence[Source]) -> Maps:
        """Return the same with other maps."""
        return self.model_copy(update={"maps": tuple(sources)})

    def source_name(self, state: int) -> str:
        """Return the name of the map of a state."""
        return self.maps[state].name

    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what reads the maps."""
        del count

        def volume(state: int) -> Volume:
            path = setting.paths[state]
            assert path is not None
            return read_volume(path, setting.imaging.pixel_size)

        return volume

    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the maps as they are given."""
        del progress
        return Ensemble(
            states=tuple(
                State(index=i, name=Path(source.name).stem, images=n, variables={_MAP: float(i)})
                for i, (source, n) in enumerate(zip(self.maps, images, strict=True))
            ),
            latents=np.arange(len(self.maps), dtype=np.float32)[:, None],
            latent_meaning="number of the map, in the order given: its distances mean nothing unless the maps are in "
            "order",
            coordinate=Coordinate(name=_MAP, unit="", cyclic=False),
            volume=self.volume_maker(len(images), setting),
            resolution=2 * setting.imaging.pixel_size,
        )
