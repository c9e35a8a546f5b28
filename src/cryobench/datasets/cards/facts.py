"""What a dataset is, label by label."""

from __future__ import annotations

from cryobench.core.words import counted
from cryobench.datasets.spec import OTHER_SETTINGS, DatasetSpec, ImportedSpec, Manifest
from cryobench.imaging import FileRotations

_SCOPES = {
    "state": "each state with a noise level of its own, which can give it away",
    "dataset": "one noise level for the whole dataset",
}


def spec_facts(spec: DatasetSpec) -> dict[str, str]:
    """Return what the spec says of the images, label by label."""
    imaging, noise = spec.imaging, spec.imaging.noise
    simulated = f"{imaging.box} pixels of {imaging.pixel_size:g} Å"
    stored = f"{imaging.output_box} pixels of {imaging.output_pixel_size:g} Å"
    level = "no noise" if noise.snr is None else f"{noise.snr:g}, {_SCOPES[noise.scope]}"
    return {
        "Particles": f"{spec.particles:,} images of {counted(len(spec.images), 'state')}, {_span(spec.images)} each",
        "Images": stored if stored == simulated else f"{stored}, simulated at {simulated}",
        "Signal-to-noise ratio": level,
        **({} if noise.snr is None else {"Noise": noise.colour.words()}),
        **spec.states.facts(),
        "CTF": _ctf(spec),
        "Poses": f"{spec.poses.words()}{_shifts(spec)}",
        "Contrast": _contrast(imaging.sign, imaging.contrast),
        "Seed": str(spec.seed),
    }


def facts(manifest: Manifest) -> dict[str, str]:
    """Return what a reader asks first, label by label."""
    spec = manifest.spec
    altered = any(note.startswith(OTHER_SETTINGS) for note in manifest.notes)
    return (_imported_facts(spec) if isinstance(spec, ImportedSpec) else spec_facts(spec)) | {
        "True latent": manifest.latent_meaning,
        "Scale": f"{spec.scale}, with other settings" if altered else spec.scale,
        "Made by": manifest.software,
    }


def _imported_facts(spec: ImportedSpec) -> dict[str, str]:
    """Return what is known of a published archive."""
    return {
        "Particles": f"{spec.particles:,} images of {counted(len(spec.images), 'state')}, {_span(spec.images)} each",
        "Images": f"{spec.box} pixels of {spec.pixel_size:g} Å",
        "Signal-to-noise ratio": "not known" if spec.snr is None else f"{spec.snr:g}",
        "Contrast": _contrast(spec.sign, 0.0),
        "Published archive": f"{len(spec.stacks):,} stacks and {len(spec.volumes):,} true volumes",
        "Repairs": "; ".join(spec.repairs) or "none",
    }


def _ctf(spec: DatasetSpec) -> str:
    words, draw = spec.ctf.words(), spec.imaging.ctf
    if draw.is_file:
        words += ", drawn with replacement" if draw.replacement else "" if draw.shuffle else ", in order"
        words += ", by state" if draw.scope == "state" and not draw.replacement else ""
    if spec.imaging.ctf.phase_shift is not None:
        words += f"; phase plate, {spec.imaging.ctf.phase_shift:g} degrees"
    return words + (f"; B-factor {spec.imaging.b_factor:g} Å²" if spec.imaging.b_factor else "")


def _shifts(spec: DatasetSpec) -> str:
    poses = spec.imaging.poses
    return "" if isinstance(poses.rotations, FileRotations) else f", {poses.shifts.words()}"


def _contrast(sign: int, spread: float) -> str:
    words = "inverted: the particle is bright" if sign < 0 else "not inverted: the particle is dark"
    return words + (f"; varies from image to image, standard deviation {spread:g}" if spread else "")


def _span(counts: tuple[int, ...]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
