"""OPUS-DSD: inputs in its formats, and the command to give them to."""

from __future__ import annotations

from pathlib import Path

from cryobench.io import write_volume
from cryobench.methods.builtin.backprojection import backproject_particles
from cryobench.methods.running.base import RUNNERS, Exporter, Job, RunnerCard
from cryobench.methods.running.exports import copy_star, data_root, write_page
from cryobench.methods.running.inputs import CTF, write_cryodrgn_inputs

_PAGE = """# OPUS-DSD

OPUS-DSD needs CUDA and an environment of its own, so this folder holds what to give it.
Dataset: {dataset}, {particles:,} particles, box {box} of {pixel_size:g} Å.

| file | what it is |
| --- | --- |
| `inputs/particles.star` | the table of particles; its stacks start from `{root}` |
| `inputs/particles.txt` | the stacks, one a line |
| `inputs/ctf.pkl` | CTF, in cryoDRGN's format, which it reads |
| `inputs/poses.pkl` | rotations and shifts, in cryoDRGN's format |
| `inputs/consensus.mrc` | backprojection of all particles, to make a mask of |

1. It wants Euler angles beside the poses, so let it make its own of the table:

       python -m cryodrgn.commands.parse_pose_star {star} -D {box} --Apix {pixel_size:g} -o pose-euler.pkl --relion31

2. Make a solvent mask of `inputs/consensus.mrc`, such as with `relion_mask_create`: `mask.mrc`.
3. Join the stacks into one, in the folder `{root}`:

       relion_stack_create --i {star} --o all --one_by_one

4. Train:

       python -m cryodrgn.commands.train_cv all.mrcs --ctf {ctf} --poses pose-euler.pkl \\
           --lazy-single --pe-type vanilla --encode-mode grad --template-type conv -n 20 -b 12 --zdim 12 --lr 1.e-4 \\
           --num-gpus 4 --multigpu --beta-control 2. --beta cos -o OUT -r mask.mrc --downfrac 0.75 --valfrac 0.25 \\
           --lamb 2. --split split.pkl --bfactor 4. --templateres 192

5. Read back:

       cryobench submission read OUT --dataset {source} -o SUBMISSION --images {star}

   `cryobench queries` lists the particles whose volumes are wanted; its `eval_vol` makes them, on a box of its own.

These are the settings of its own guide for a ribosome; `--templateres` is a multiple of 16 near box x downfrac / 0.75.
They were not run by cryobench.
"""


class OpusDSD(Exporter):
    """Inputs for ``train_cv``."""

    card = RunnerCard(
        name="opus-dsd",
        title="OPUS-DSD: a convolutional decoder with known poses (train_cv)",
        kind="fixed-pose",
        licence="GPL-3.0",
        gives="latents, volumes",
    )

    def export(self, job: Job) -> Path:
        """Write table, stacks, poses, CTF and a consensus, and the page."""
        particles = job.dataset.particles
        write_cryodrgn_inputs(particles, job.inputs, poses=True)
        star = copy_star(job.source, job.inputs)
        write_volume(job.inputs / "consensus.mrc", backproject_particles(particles))
        text = _PAGE.format(
            dataset=job.dataset.card.id,
            particles=len(particles),
            box=particles.box,
            pixel_size=particles.pixel_size,
            root=data_root(particles, job.source),
            star=star.resolve(),
            ctf=(job.inputs / CTF).resolve(),
            source=job.source.resolve(),
        )
        return write_page(job.folder, text)


RUNNERS.add("opus-dsd", OpusDSD())
