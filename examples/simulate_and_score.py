"""Simulate a tiny dataset, reconstruct it with and without the true states, and score both.

Four states of 30 images each, of 32 pixels of 12 Å: enough to see the calls, too few to say anything about a method.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from cryobench.benchmark import run_methods, score_run
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs


def main() -> None:
    """Print the mean FSC AUC of the oracle and of the consensus."""
    inputs = prepare_inputs(
        "igg-1d:standin",
        "demo",
        seed=1,
        states=4,
        images_per_state=30,
        resolution=24.0,
        imaging={"box": 32, "output_box": 32, "pixel_size": 12.0},
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "dataset"
        build_dataset(inputs, folder)
        dataset = load_dataset(folder)
        submissions = [submission for submission, _ in run_methods(dataset, ["oracle", "consensus"], seed=1)]
        document = score_run(dataset, submissions, seed=1).document
    print(f"{document.dataset.title}: {document.dataset.facts['Particles']}")
    for score in document.scores:
        if (score.metric.name, score.protocol, score.convention) == ("fsc-auc", "per-conformation", "standard"):
            interval = f"[{score.interval.low:.3f}, {score.interval.high:.3f}]"
            print(f"{score.method:>9}: FSC AUC {score.value:.3f} {interval}")


if __name__ == "__main__":
    main()
