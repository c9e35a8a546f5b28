"""The dataset card, written from the manifest alone."""

from __future__ import annotations

from cryobench.core import DatasetCard
from cryobench.datasets.spec import DatasetSpec, Manifest


def facts(manifest: Manifest) -> dict[str, str]:
    """Return what a reader asks first, label by label."""
    spec, imaging = manifest.spec, manifest.spec.imaging
    simulated = f"{imaging.box} pixels of {imaging.pixel_size:g} Å"
    stored = f"{imaging.output_box} pixels of {imaging.output_pixel_size:g} Å"
    return {
        "Particles": f"{spec.particles:,} images of {spec.states} states, {_span(spec.images)} each",
        "Images": stored if stored == simulated else f"{stored}, simulated at {simulated}",
        "Signal-to-noise ratio": f"{imaging.snr:g}, of the images of each {imaging.snr_scope}",
        "Map resolution": f"{spec.resolution:g} Å",
        "Structure": spec.structure.words(),
        "Motion": spec.motion.words(),
        "CTF": spec.ctf.words(),
        "Poses": f"uniform rotations, shifts within ±{imaging.shift_extent:g} Å",
        "Contrast": manifest.conventions["contrast"],
        "True latent": manifest.latent_meaning,
        "Scale": spec.scale,
        "Seed": str(spec.seed),
        "Made by": manifest.software,
    }


def custom_summary(spec: DatasetSpec) -> str:
    """Return what a dataset on a user's own structure is, in a sentence."""
    return f"{spec.structure.title}: {spec.motion.words()}, in {spec.states} equal steps through 360°."


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
