"""Kinds of states: how the volumes of a dataset are made."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cryobench.datasets.states.assemblies import Assemblies
from cryobench.datasets.states.base import Ensemble, Rendering, Setting, Source, StatesBase, VolumeMaker
from cryobench.datasets.states.fab_turn import FabTurn
from cryobench.datasets.states.linker import LinkerDraws
from cryobench.datasets.states.maps import Maps
from cryobench.datasets.states.normal_modes import ModeDraws
from cryobench.datasets.states.structures import Member, Structures
from cryobench.datasets.states.trajectory import Frames

AnyStates = FabTurn | LinkerDraws | Structures | Assemblies | Frames | ModeDraws | Maps
"""Any kind of states."""

States = Annotated[AnyStates, Field(discriminator="kind")]
"""The same as a field of a spec: its ``kind`` says which it is."""

__all__ = [
    "AnyStates",
    "Assemblies",
    "Ensemble",
    "FabTurn",
    "Frames",
    "LinkerDraws",
    "Maps",
    "Member",
    "ModeDraws",
    "Rendering",
    "Setting",
    "Source",
    "States",
    "StatesBase",
    "Structures",
    "VolumeMaker",
]
