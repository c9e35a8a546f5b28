"""Where the files of an unpacked archive are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryobench.core import FormatError, InputError
from cryobench.datasets.published.releases import Release
from cryobench.io import find_files, inside, read_particle_table, read_text

_POSES = ("combined_poses.pkl", "combined_pose.pkl", "poses.pkl")
_CTF = ("combined_ctfs.pkl", "combined_ctf.pkl", "ctfs.pkl", "ctf.pkl")
_LATENTS = ("gt_latents.pkl", "gt_latents.npy")
_STRUCTURES = (".pdb", ".ent", ".cif", ".pdb.gz", ".cif.gz")
_TOPOLOGY, _TRAJECTORY = "seed_structure.pdb", "sampled_pdbs.xtc"


@dataclass(frozen=True)
class Layout:
    """The files of an archive; those that are None, or of which there are none, are not there or not needed.

    Parameters
    ----------
    archive
        The folder.
    snr
        Signal-to-noise ratio that the folder of the images says, or None.
    listing
        What lists the stacks, or None where they are taken in the order of their names.
    stacks
        In the order of the particles.
    poses, ctf, latents
        Tables.
    volumes, structures
        Of the states, in order.
    mask, topology, trajectory
        Single files.
    notes
        What of it is not as usual.
    """

    archive: Path
    snr: float | None
    listing: Path | None
    stacks: tuple[Path, ...]
    poses: Path
    ctf: Path
    latents: Path | None
    volumes: tuple[Path, ...]
    structures: tuple[Path, ...]
    mask: Path | None
    topology: Path | None
    trajectory: Path | None
    notes: tuple[str, ...] = ()

    def name(self, path: Path) -> str:
        """Return the path of a file within the archive.

        Raises
        ------
        FormatError
            If it lies elsewhere, by a link.
        """
        name = path.relative_to(self.archive).as_posix()
        inside(self.archive, name, str(self.archive))
        return name

    def files(self) -> tuple[Path, ...]:
        """Return all files that a dataset is made of, each once."""
        single = (self.listing, self.poses, self.ctf, self.latents, self.mask, self.topology, self.trajectory)
        return (*(path for path in single if path is not None), *self.stacks, *self.volumes, *self.structures)


def find_layout(archive: Path, release: Release, snr: float | None = None) -> Layout:
    """Return where the files of an unpacked archive are.

    Parameters
    ----------
    archive
        Folder of one dataset.
    release
        What it should hold.
    snr
        Which images to take, by their signal-to-noise ratio; by default the only ones, or those of the release.

    Raises
    ------
    InputError
        If there is no such folder, or no images of that ratio.
    FormatError
        If images, poses or CTF parameters are missing, or a list names a stack that is missing or elsewhere.
    """
    require_archive(archive)
    folder, ratio, notes = _images_folder(archive, release, snr)
    listing, listed = _listing(folder, release.box)
    stacks = _stacks(listing) if listing is not None else tuple(find_files(folder, (".mrcs",)))
    if not stacks:
        raise FormatError(f"{folder}: has neither a list of stacks nor stacks (.mrcs): unpack the archive again")
    places = tuple(dict.fromkeys((archive, archive / "images", folder)))
    return Layout(
        archive=archive,
        snr=ratio,
        listing=listing,
        stacks=stacks,
        poses=_required(places, _POSES, "poses"),
        ctf=_required(places, _CTF, "CTF parameters"),
        latents=_first(places, _LATENTS),
        volumes=_volumes(archive / "vols", release.box),
        structures=tuple(_structures(archive / "pdbs")) if release.latent == "linker" else (),
        mask=_first((archive / "init_mask",), ("mask.mrc",)),
        topology=_anywhere(archive, _TOPOLOGY) if release.latent == "frame" else None,
        trajectory=_anywhere(archive, _TRAJECTORY) if release.latent == "frame" else None,
        notes=(*notes, *listed),
    )


def require_archive(archive: Path) -> None:
    """Raise unless a path is the unpacked folder of one dataset.

    Raises
    ------
    InputError
        Saying what it is instead.
    """
    if archive.is_file():
        raise InputError(f"{archive} is a file: unpack the archive, and give the folder that comes out")
    if not archive.is_dir():
        raise InputError(f"{archive}: no such folder: give the one that the archive was unpacked to")
    if not (archive / "images").is_dir():
        below = [path.name for path in sorted(archive.iterdir()) if (path / "images").is_dir()]
        hint = f"give one of the folders in it: {', '.join(below)}" if below else "give the folder of one dataset"
        raise InputError(f"{archive}: has no folder 'images', so it is not a published dataset: {hint}")


def _images_folder(archive: Path, release: Release, snr: float | None) -> tuple[Path, float | None, tuple[str, ...]]:
    """Return the folder of the images, the signal-to-noise ratio that its name says, and notes."""
    images = archive / "images"
    found = {}
    for path in sorted(images.iterdir()):
        match = re.fullmatch(r"snr([0-9]+(?:\.[0-9]+)?)", path.name, re.ASCII)
        if match and path.is_dir():
            found[float(match[1])] = path
    names = ", ".join(f"{ratio:g}" for ratio in sorted(found))
    if not found:
        if snr is not None and snr != release.snr:
            raise InputError(f"{images}: has no folders of images by signal-to-noise ratio: leave out --snr")
        return images, release.snr, (f"the images lie in images itself, and are taken as those of SNR {release.snr:g}",)
    wanted = snr if snr is not None else next(iter(found)) if len(found) == 1 else release.snr
    if wanted not in found:
        raise InputError(f"{images}: has no images of SNR {wanted:g}: choose with --snr from {names}")
    others = [f"{ratio:g}" for ratio in sorted(found) if ratio != wanted]
    notes = (f"the archive also has images of SNR {', '.join(others)}",) if others else ()
    return found[wanted], wanted, notes


def _listing(folder: Path, box: int) -> tuple[Path | None, tuple[str, ...]]:
    """Return what lists the stacks of a folder, or None, and notes."""
    usual = folder / f"sorted_particles.{box}.txt"
    if usual.is_file():
        return usual, ()
    for suffix, stem in ((".txt", "sorted_particles"), (".star", "particles")):
        found = [path for path in find_files(folder, (suffix,)) if path.name.startswith(stem)]
        if len(found) > 1:
            raise FormatError(
                f"{folder}: has several lists, {', '.join(path.name for path in found)}: keep one of them"
            )
        if found:
            return found[0], () if suffix == ".star" else (f"the stacks are those that {found[0].name} lists",)
    return None, (f"no list of stacks: those in {folder.name} are taken in the order of the numbers in their names",)


def _stacks(listing: Path) -> tuple[Path, ...]:
    """Return the stacks that a list names, each with all of its images in order."""
    if listing.suffix == ".star":
        return _whole_stacks(listing)
    names = [(row, line.strip()) for row, line in enumerate(read_text(listing).split("\n"), start=1) if line.strip()]
    if not names:
        raise FormatError(f"{listing}: names no stack: expected the path of one stack a line; unpack the archive again")
    stacks = tuple(_stack(listing, name, f"{listing}: line {row}") for row, name in names)
    twice = next((path for i, path in enumerate(stacks) if path in stacks[:i]), None)
    if twice is not None:
        raise FormatError(f"{listing}: names {twice.name} twice: each stack belongs there once")
    return stacks


def _whole_stacks(listing: Path) -> tuple[Path, ...]:
    """Return the stacks of a STAR file that names all images of each of them in order."""
    names = read_particle_table(listing, "rlnImageName").column("rlnImageName")
    stacks: list[str] = []
    number = 0
    for row, name in enumerate(names, start=1):
        position, _, stack = name.rpartition("@")
        number = number + 1 if stacks and stack == stacks[-1] else 1
        if not position.isdecimal() or int(position) != number or (number == 1 and stack in stacks):
            raise FormatError(
                f"{listing}: row {row} names image '{name}': expected the images of each stack in order, as the rows "
                "of the tables of poses and CTF parameters follow the stacks"
            )
        if number == 1:
            stacks.append(stack)
    # Absolute paths are those of the machine where the file was written.
    local = [Path(stack).name if Path(stack).is_absolute() else stack for stack in stacks]
    return tuple(_stack(listing, stack, str(listing)) for stack in local)


def _stack(listing: Path, name: str, source: str) -> Path:
    """Return a stack of the list's folder, by its path or by its base name."""
    inside(listing.parent, name, source)
    for path in (listing.parent / name, listing.parent / Path(name).name):
        if path.is_file():
            return path
    raise FormatError(f"{source}: there is no stack '{name}' in {listing.parent}: unpack the archive again")


def _required(places: Sequence[Path], names: Sequence[str], what: str) -> Path:
    path = _first(places, names)
    if path is None:
        raise FormatError(
            f"{places[0]}: has no {what}: looked for {', '.join(names)} in {', '.join(str(place) for place in places)}"
        )
    return path


def _first(places: Iterable[Path], names: Sequence[str]) -> Path | None:
    return next((place / name for place in places for name in names if (place / name).is_file()), None)


def _anywhere(archive: Path, name: str) -> Path | None:
    """Return a file by its name, in the archive or in one of its folders."""
    return _first((archive, *(path for path in sorted(archive.iterdir()) if path.is_dir())), (name,))


def _volumes(folder: Path, box: int) -> tuple[Path, ...]:
    """Return the true volumes at the box of the images, in the order of the numbers in their names."""
    if not folder.is_dir():
        return ()
    usual = folder / f"{box}_org"
    others = [path for path in sorted(folder.iterdir()) if path.is_dir() and find_files(path, (".mrc",))]
    chosen = usual if usual.is_dir() else others[0] if len(others) == 1 else folder
    return tuple(find_files(chosen, (".mrc",)))


def _structures(folder: Path) -> list[Path]:
    """Return the structures of the states, in the order of the numbers in their names."""
    if not folder.is_dir():
        return []
    return [path for path in find_files(folder, (".pdb", ".ent", ".cif", ".gz")) if path.name.endswith(_STRUCTURES)]
