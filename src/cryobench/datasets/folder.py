"""What is written at the end of a build: everything of a dataset folder that describes its stacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cryobench.datasets.cards.describe import write_descriptions
from cryobench.datasets.journal import Journal
from cryobench.datasets.links import write_links
from cryobench.datasets.manifest import stack_name
from cryobench.datasets.masks import TrueMasks
from cryobench.datasets.recipe import Inputs
from cryobench.datasets.spec import Manifest
from cryobench.datasets.states_table import states_text
from cryobench.imaging import ImageFormation, cryosparc_particles, particle_tables
from cryobench.io import sha256, write_array, write_cs, write_ctf, write_poses, write_star, write_text, write_volume

CONVENTIONS = {
    "arrays": "volumes [z, y, x], images [y, x], origin at index D/2",
    "rotations": "active: density at p lands at R p",
    "shifts": "the stored shift centres the image: the particle is displaced by its negative",
    "image formation": "project, shift, CTF, contrast factor, noise, contrast sign; Fourier crop with values kept",
    "ctf": "sqrt(1 - w^2) sin(g) - w cos(g), times exp(-B s^2 / 4) where there is a B-factor",
}


def write_folder(
    folder: Path, inputs: Inputs, formation: ImageFormation, masks: TrueMasks, journal: Journal, software: str
) -> None:
    """Write everything that describes the stacks of a build; ``dataset.json`` comes last.

    Parameters
    ----------
    folder
        The dataset folder, its stacks and true volumes complete.
    inputs, formation
        What was built.
    masks
        Soft masks of the true volumes.
    journal
        Noise levels, and the checksums of stacks and true volumes.
    software
        Name and version of this software.
    """
    spec, ensemble, poses, ctf = inputs.spec, inputs.ensemble, formation.poses, formation.ctf
    box, pixel_size = spec.imaging.output_box, spec.imaging.output_pixel_size
    stacks = [stack_name(number) for number in range(len(spec.stacks))]
    places = [(name, place) for name, indices in zip(stacks, spec.stacks, strict=True) for place in range(len(indices))]
    write_text(folder / "particles.txt", "".join(f"{name}\n" for name in stacks))
    names = [f"{place + 1:06d}@{name}" for name, place in places]
    write_star(folder / "particles.star", particle_tables(names, poses, ctf, box, pixel_size, spec.imaging.b_factor))
    write_cs(
        folder / "particles.cs",
        cryosparc_particles(
            [name for name, _ in places],
            np.array([place for _, place in places]),
            poses,
            ctf,
            box,
            pixel_size,
            spec.imaging.sign,
            spec.imaging.b_factor,
        ),
    )
    write_poses(folder / "poses.pkl", poses, box, pixel_size)
    write_ctf(folder / "ctf.pkl", ctf, box, pixel_size)
    labels = spec.labels()
    write_array(folder / "truth/labels.npy", labels)
    write_array(folder / "truth/latents.npy", ensemble.latents[labels])
    write_array(folder / "truth/contrasts.npy", formation.contrasts.astype(np.float32))
    sources = [spec.states.source_name(state.index) for state in ensemble.states]
    write_text(folder / "truth/states.csv", states_text(ensemble.states, sources))
    write_volume(folder / "truth/mask.mrc", masks.union)
    write_volume(folder / "truth/moving_mask.mrc", masks.moving)
    manifest = Manifest(
        id=spec.id,
        title=inputs.title,
        summary=inputs.summary,
        stand_in=inputs.stand_in,
        notes=inputs.notes,
        software=software,
        spec=spec,
        conventions=CONVENTIONS,
        latent_meaning=ensemble.latent_meaning,
        coordinate_name=ensemble.coordinate.name,
        coordinate_unit=ensemble.coordinate.unit,
        coordinate_cyclic=ensemble.coordinate.cyclic,
        noise_sigma=tuple(journal.sigmas[state] for state in range(len(spec.images))),
        files={},
    )
    written = ["particles.star", "particles.cs", "particles.txt", "poses.pkl", "ctf.pkl"]
    truth = ("labels.npy", "latents.npy", "contrasts.npy", "states.csv", "mask.mrc", "moving_mask.mrc")
    written += [f"truth/{name}" for name in truth]
    if spec.truth == "rendered":
        write_links(folder, inputs.paths)
    write_descriptions(folder, manifest, journal.files | {name: sha256(folder / name) for name in written})
