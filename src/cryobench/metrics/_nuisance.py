"""Whether a latent encodes what is no conformation."""

from __future__ import annotations

from cryobench.core import MetricCard
from cryobench.metrics._registry import METRICS

NUISANCE_IMBALANCE = METRICS.add(
    "nuisance-imbalance",
    MetricCard(
        name="nuisance-imbalance",
        label="Imbalance with nuisance",
        summary="Information imbalance between the latent and what is no conformation: the pose, the CTF. About 1 "
        "where they say nothing of each other, as they should; about 0 where one predicts the other.",
        reference="Glielmo et al., PNAS Nexus 1 (2022) pgac039",
        range=(0.0, None),
        direction="higher",
        unit="",
    ),
)
