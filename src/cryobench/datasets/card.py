"""The dataset card, written from the manifest alone."""

from __future__ import annotations

from cryobench.core import DatasetCard
from cryobench.datasets.spec import DatasetSpec, Manifest
from cryobench.imaging import FileRotations


def facts(manifest: Manifest) -> dict[str, str]:
    """Return what a reader asks first, label by label."""
    spec, imaging = manifest.spec, manifest.spec.imaging
    simulated = f"{imaging.box} pixels of {imaging.pixel_size:g} Å"
    stored = f"{imaging.output_box} pixels of {imaging.output_pixel_size:g} Å"
    noise = imaging.noise
    return {
        "Particles": f"{spec.particles:,} images of {len(spec.images)} states, {_span(spec.images)} each",
        "Images": stored if stored == simulated else f"{stored}, simulated at {simulated}",
        "Signal-to-noise ratio": "no noise" if noise.snr is None else f"{noise.snr:g}, of the {noise.scope}'s images",
        "Noise": noise.colour.words(),
        **spec.states.facts(),
        "CTF": spec.ctf.words() + _envelope(imaging.b_factor),
        "Poses": f"{spec.poses.words()}{_shifts(spec)}",
        "Contrast": manifest.conventions["contrast"] + _factor(imaging.contrast),
        "True latent": manifest.latent_meaning,
        "Scale": spec.scale,
        "Seed": str(spec.seed),
        "Made by": manifest.software,
    }


def _shifts(spec: DatasetSpec) -> str:
    poses = spec.imaging.poses
    return "" if isinstance(poses.rotations, FileRotations) else f", {poses.shifts.words()}"


def _envelope(b_factor: float) -> str:
    return f"; B-factor {b_factor:g} Å²" if b_factor else ""


def _factor(spread: float) -> str:
    return f"; its strength varies from image to image, standard deviation {spread:g}" if spread else ""


def card_of(manifest: Manifest, checksum: str) -> DatasetCard:
    """Return the card that travels with results."""
    return DatasetCard(
        id=manifest.id,
        title=manifest.title,
        summary=manifest.summary,
        stand_in=manifest.stand_in,
        facts=facts(manifest),
        checksum=checksum,
    )


def card_text(manifest: Manifest) -> str:
    """Return the card as the dataset's README."""
    lines = [f"# {manifest.title} (`{manifest.id}`)", "", manifest.summary, ""]
    if manifest.stand_in:
        lines += [f"**Stand-in data:** {manifest.stand_in}.", ""]
    lines += [f"- {label}: {text}" for label, text in facts(manifest).items()]
    lines += ["", "Every parameter, and the checksum of every file, is in `dataset.json`.", ""]
    return "\n".join(lines)


def _span(counts: tuple[int, ...]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
