"""Particles as programs of others read them."""

from __future__ import annotations

from pathlib import Path

from cryobench.core import InputError, Particles
from cryobench.io import StackImages, write_ctf, write_poses, write_text

STACKS, POSES, CTF = "particles.txt", "poses.pkl", "ctf.pkl"


def stack_paths(particles: Particles) -> tuple[Path, ...]:
    """Return the stacks that hold the images, all of each and in their order.

    Raises
    ------
    InputError
        If the images are not whole stacks on disk.
    """
    images = particles.images
    whole = isinstance(images, StackImages) and sum(images.counts) == len(particles)
    if not isinstance(images, StackImages) or not whole:
        raise InputError("the images are not whole stacks on disk: a program reads a dataset folder")
    if images.names != StackImages(images.stacks).names:
        raise InputError(
            "the images are not in the order of their stacks, which is that in which a program reads them: build the "
            "dataset again"
        )
    return tuple(path.resolve() for path in images.stacks)


def write_cryodrgn_inputs(particles: Particles, folder: Path, *, poses: bool) -> None:
    """Write the list of stacks, the CTF and, if wanted, the poses as cryoDRGN reads them.

    Parameters
    ----------
    particles
        What the program is given.
    folder
        Where; made if it is missing.
    poses
        Whether the program is told the poses. A file of an earlier run is removed where it is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / STACKS, "".join(f"{path}\n" for path in stack_paths(particles)))
    write_ctf(folder / CTF, particles.ctf, particles.box, particles.pixel_size)
    (folder / POSES).unlink(missing_ok=True)
    if poses:
        write_poses(folder / POSES, particles.poses, particles.box, particles.pixel_size)
