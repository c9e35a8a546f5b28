from __future__ import annotations

import numpy as np
import pytest

from cryobench.core import InputError
from cryobench.metrics import (
    METRICS,
    bootstrap_mean,
    nearest_neighbours,
    pca_embedding,
    representatives,
    strided_particles,
    umap_embedding,
)


def test_bootstrap_covers_the_mean_and_pairs_methods() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        interval = bootstrap_mean(rng.normal(size=60), "items", seed=trial)
        covered += interval.low <= 0 <= interval.high
    assert 180 <= covered <= 199
    values = rng.normal(size=50)
    shifted = bootstrap_mean(values + 5.0, "items")
    assert bootstrap_mean(values, "items").low + 5.0 == pytest.approx(shifted.low)
    assert shifted.kind == "95 % bootstrap over items"


def test_representatives_are_nearest_to_the_mean() -> None:
    labels = np.array([0, 0, 0, 1, 1], np.int32)
    latents = np.array([[0.0], [1.0], [5.0], [9.0], [9.0]], np.float32)
    np.testing.assert_array_equal(representatives(labels, 2, latents), [1, 3])
    np.testing.assert_array_equal(representatives(labels, 2, None), [0, 3])
    with pytest.raises(InputError, match="state 2 has no particle"):
        representatives(labels, 3, latents)


def test_published_stride() -> None:
    np.testing.assert_array_equal(strided_particles(1000, 4), [0, 250, 500, 750])
    assert len(strided_particles(105, 10)) == 11  # N // n, as published
    with pytest.raises(InputError, match="from 1 to 5"):
        strided_particles(5, 6)


def test_pca_is_that_of_scikit_learn_up_to_sign() -> None:
    from sklearn.decomposition import PCA  # noqa: PLC0415

    points = np.random.default_rng(0).normal(size=(200, 5)) @ np.diag([5, 3, 1, 1, 1])
    ours = pca_embedding(points.astype(np.float32))
    theirs = PCA(2).fit_transform(points)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-3)
    line = pca_embedding(points[:, :1].astype(np.float32))
    assert line.shape == (200, 2)
    assert not line[:, 1].any()


@pytest.mark.slow
def test_umap_repeats_and_keeps_a_ring(recwarn: pytest.WarningsRecorder) -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 400)
    ring = np.column_stack((np.cos(angle), np.sin(angle), 0.05 * rng.normal(size=400))).astype(np.float32)
    first, second = umap_embedding(ring, 1), umap_embedding(ring, 1)
    np.testing.assert_array_equal(first, second)
    found = nearest_neighbours(first, 1).indices[:, 0]
    apart = np.abs((angle[found] - angle + np.pi) % (2 * np.pi) - np.pi)
    assert np.median(apart) < 0.1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_umap_s_graph_is_that_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact neighbours give the graph that UMAP itself makes of all distances."""
    import umap  # noqa: PLC0415

    fitted: list[umap.UMAP] = []
    fit = umap.UMAP.fit_transform
    monkeypatch.setattr(umap.UMAP, "fit_transform", lambda self, x: (fitted.append(self), fit(self, x))[1])
    latents = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    umap_embedding(latents, 1)
    theirs = umap.UMAP(random_state=1, n_jobs=1).fit(latents).graph_
    assert abs(fitted[0].graph_ - theirs).max() < 1e-5
    assert fitted[0].graph_.nnz == theirs.nnz


def test_each_metric_describes_itself() -> None:
    assert len(METRICS) >= 2
    for name in METRICS:
        card = METRICS[name]
        assert card.name == name
        assert card.summary.endswith(".")
        assert card.reference
