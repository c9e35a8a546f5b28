"""States that are frames of a trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float32
from pydantic import Field

from cryobench.core import Coordinate, InputError, Progress, State, Volume
from cryobench.datasets.states.base import (
    Ensemble,
    Rendering,
    Setting,
    Source,
    StatesBase,
    VolumeMaker,
    radius_of,
    require_fit,
)
from cryobench.imaging import ImagingSpec
from cryobench.structures import Trajectory, superposed

_COMPONENTS = 3
_BASIS_FRAMES = 500
_NODES = ("CA", "P")


class Frames(StatesBase):
    """States that are frames of a trajectory: ``start``, then each ``step``-th one.

    With ``superpose`` each frame is turned and moved onto the topology's coordinates; otherwise it is centred alone.
    """

    kind: Literal["trajectory"] = "trajectory"
    topology: Source
    trajectory: Source
    start: int = Field(default=0, ge=0)
    step: int = Field(default=1, ge=1)
    superpose: bool = True
    rendering: Rendering

    def facts(self) -> dict[str, str]:
        """Return what a reader asks about the states, label by label."""
        which = "each frame" if self.step == 1 else f"one frame in {self.step}"
        moved = "superposed on the topology" if self.superpose else "centred one by one"
        return self.rendering.facts() | {
            "Trajectory": f"{self.trajectory.words()} of {self.topology.words()}, {which} from {self.start}, {moved}"
        }

    def summary(self, count: int) -> str:
        """Return which frames of which trajectory there are."""
        return f"Images of {count} frames of the trajectory {self.trajectory.words()}."

    def sources(self) -> tuple[Source, ...]:
        """Return topology and trajectory."""
        return (self.topology, self.trajectory)

    def with_sources(self, sources: Sequence[Source]) -> Frames:
        """Return the same with other files."""
        return self.model_copy(update={"topology": sources[0], "trajectory": sources[1]})

    def source_name(self, state: int) -> str:
        """Return the name of the trajectory and the frame."""
        return f"{self.trajectory.name} frame {self.start + state * self.step}"

    def volume_maker(self, count: int, setting: Setting) -> VolumeMaker:
        """Return what renders the frames."""
        return self._opened(count, setting).maker()

    def ensemble(self, images: tuple[int, ...], setting: Setting, progress: Progress) -> Ensemble:
        """Return the frames, with the principal components of their motion as the true latent."""
        count = len(images)
        opened = self._opened(count, setting)
        basis = opened.basis()
        latents = np.empty((count, len(basis.components)), dtype=np.float32)
        radius = 0.0
        advance = progress("Looking through the trajectory", count)
        for state in range(count):
            coordinates = opened.coordinates(state)
            radius = max(radius, radius_of(coordinates))
            latents[state] = basis.project(coordinates)
            advance(1)
        require_fit(radius, self.rendering, setting.imaging, "the shifted structure, in one of its frames,")
        return component_ensemble(
            [f"frame {self.start + i * self.step}" for i in range(count)],
            latents,
            f"principal components of the motion of {basis.nodes} atoms ({', '.join(_NODES)}, or all), as root mean "
            f"square displacements in Å; they hold {basis.share:.0%} of the variance",
            images,
            opened.maker(),
            self.rendering.resolution,
        )

    def _opened(self, count: int, setting: Setting) -> _Opened:
        topology, frames = setting.paths
        assert topology is not None
        assert frames is not None
        trajectory = Trajectory(topology, frames, self.rendering.atoms)
        last = self.start + (count - 1) * self.step
        if last >= len(trajectory):
            raise InputError(
                f"{frames.name} holds {len(trajectory)} frames, but state {count - 1} asks for frame {last}: "
                "choose fewer states, or a smaller step"
            )
        return _Opened(self, trajectory, count, setting.imaging)


class _Opened:
    """The frames of an open trajectory."""

    def __init__(self, spec: Frames, trajectory: Trajectory, count: int, imaging: ImagingSpec) -> None:
        self._spec = spec
        self._trajectory = trajectory
        self._count = count
        self._imaging = imaging
        self._reference = spec.rendering.centred(trajectory.atoms)

    def coordinates(self, state: int) -> np.ndarray:
        """Return the centred coordinates of a state in Å."""
        found = self._trajectory.frame(self._spec.start + state * self._spec.step)
        if self._spec.superpose:
            return superposed(found, self._reference.coordinates, self._reference.weights)
        return self._spec.rendering.centred(self._reference.moved(found)).coordinates

    def maker(self) -> VolumeMaker:
        """Return what renders the frames."""

        def volume(state: int) -> Volume:
            return self._spec.rendering.render(self._reference.moved(self.coordinates(state)), self._imaging)

        return volume

    def basis(self) -> _Basis:
        """Return the principal components, from frames evenly spread over those used."""
        nodes = np.flatnonzero(np.isin(self._reference.names, _NODES))
        nodes = nodes if len(nodes) >= 3 else np.arange(len(self._reference))
        few = min(self._count, _BASIS_FRAMES)
        sample = np.array([self.coordinates(i * self._count // few)[nodes].ravel() for i in range(few)])
        return _Basis.of(sample, nodes)


class _Basis:
    """Principal components of the motion of some atoms."""

    def __init__(self, nodes: np.ndarray, mean: np.ndarray, components: np.ndarray, share: float) -> None:
        self._nodes = nodes
        self._mean = mean
        self.components = components
        self.share = share

    @property
    def nodes(self) -> int:
        """Number of atoms."""
        return len(self._nodes)

    @classmethod
    def of(cls, sample: np.ndarray, nodes: np.ndarray) -> _Basis:
        """Return the components of frames, shape (frames, 3 nodes), each with its largest entry positive."""
        mean = sample.mean(axis=0)
        _, sizes, rows = np.linalg.svd(sample - mean, full_matrices=False)
        rows = rows[:_COMPONENTS]
        largest = np.abs(rows).argmax(axis=1)
        rows = rows * np.sign(rows[np.arange(len(rows)), largest])[:, None]
        whole = (sizes**2).sum()
        share = float((sizes[:_COMPONENTS] ** 2).sum() / whole) if whole > 0 else 1.0
        return cls(nodes, mean, rows, share)

    def project(self, coordinates: np.ndarray) -> Float32[np.ndarray, " k"]:
        """Return the place of a frame on each component, as a root mean square displacement in Å."""
        moved = coordinates[self._nodes].ravel() - self._mean
        return np.asarray(self.components @ moved / np.sqrt(len(self._nodes)), dtype=np.float32)


def component_ensemble(
    names: Sequence[str],
    latents: Float32[np.ndarray, "S k"],
    meaning: str,
    images: tuple[int, ...],
    volume: VolumeMaker,
    resolution: float,
) -> Ensemble:
    """Return states that lie along components of a motion, the first of which orders them."""
    first = "component 1"
    return Ensemble(
        states=tuple(
            State(index=i, name=name, images=n, variables={first: float(latents[i, 0])})
            for i, (name, n) in enumerate(zip(names, images, strict=True))
        ),
        latents=latents,
        latent_meaning=meaning,
        coordinate=Coordinate(name=first, unit="Å", cyclic=False),
        volume=volume,
        resolution=resolution,
    )
