"""What may be chosen about the scoring of a run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cryobench.core import Strict


class ScoreSettings(Strict):
    """How submissions are scored; two scores are comparable where these agree.

    ``images`` is the number of particles of the per-image protocol. ``align`` is what is done to volumes first:
    ``"auto"`` leaves them alone where the poses were given and brings all of them to the truth by one transform where
    the method found the poses. ``measures`` are those of latents, classes and poses, by name; ``None`` for all.
    """

    seed: int = Field(default=1, ge=0)
    images: int = Field(default=100, ge=1)
    align: Literal["auto", "none", "one", "each"] = "auto"
    measures: tuple[str, ...] | None = None
