"""Random conformations of a linker: the ensemble of an arm on a disordered tether."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int
from scipy.spatial import cKDTree

from cryobench.core import InputError, stream
from cryobench.structures.atoms import Atoms
from cryobench.structures.clashes import atoms_near
from cryobench.structures.motion import ResidueRange
from cryobench.structures.torsions import Linker, dihedral, find_linker

_REGIONS = (
    # weight, phi, psi, standard deviation of each, in degrees
    (0.45, -70.0, 145.0, 15.0),  # polyproline II
    (0.27, -120.0, 130.0, 20.0),  # beta
    (0.25, -65.0, -40.0, 15.0),  # right-handed alpha
    (0.03, 57.0, 45.0, 10.0),  # left-handed alpha
)


def draw_torsions(
    generator: np.random.Generator, count: int
) -> tuple[Float64[np.ndarray, " count"], Float64[np.ndarray, " count"]]:
    """Return phi and psi of residues of a disordered peptide, in degrees, -180 to 180, each of shape (count,).

    Each residue is drawn by itself from a mixture of four regions of the Ramachandran map, normal in phi and psi:
    polyproline II (weight 0.45; centre -70, 145; standard deviation 15), beta (0.27; -120, 130; 20), right-handed alpha
    (0.25; -65, -40; 15) and left-handed alpha (0.03; 57, 45; 10). Residues outside regular secondary structure prefer
    polyproline II to beta and alpha (Jha et al., Biochemistry 44, 9691, 2005, doi:10.1021/bi0474822). The numbers are
    this project's own choice in that spirit, not a fit to that or any other library; glycine and proline, and what
    neighbours do to each other, are left out of it.
    """
    weights, *regions = np.array(_REGIONS).T
    phi, psi, spread = np.stack(regions)[:, generator.choice(len(weights), size=count, p=weights)]
    drawn = np.stack((phi, psi)) + spread * generator.standard_normal((2, count))
    wrapped = (drawn + 180.0) % 360.0 - 180.0
    return wrapped[0], wrapped[1]


@dataclass(frozen=True, eq=False)
class LinkerStates:
    """The S states of an arm on a linker of L residues; :func:`draw_linker_states` makes them.

    Parameters
    ----------
    linker
        The linker, and the structure it belongs to.
    torsions
        Phi and psi of each residue in each state, in degrees, shape (S, L, 2).
    attempts
        Draws that each state took, the kept one included, shape (S,).
    distances, dihedrals
        What :func:`fab_geometry` gives for each state, in Å and in degrees, shape (S,).
    """

    linker: Linker
    torsions: Float64[np.ndarray, "S L 2"]
    attempts: Int[np.ndarray, " S"]
    distances: Float64[np.ndarray, " S"]
    dihedrals: Float64[np.ndarray, " S"]

    def __len__(self) -> int:
        return len(self.torsions)

    def atoms(self, state: int) -> Atoms:
        """Return the structure in a state. It is made when asked for; only torsions are kept."""
        return self.linker.atoms.moved(self.linker.coordinates(self.torsions[state]))


def draw_linker_states(
    atoms: Atoms,
    moving: tuple[ResidueRange, ...],
    linker: tuple[ResidueRange, ...],
    count: int,
    seed: int,
    *,
    most_close: int = 5,
    close: float = 3.0,
    most_attempts: int = 2000,
) -> LinkerStates:
    """Return states of an arm whose linker is drawn from :func:`draw_torsions` until the arm is clear of the rest.

    State i depends on the seed and on i alone, not on how many states are drawn.

    Parameters
    ----------
    atoms, moving, linker
        As for :func:`cryobench.structures.torsions.find_linker`.
    count
        Number of states.
    seed
        Of the random streams.
    most_close, close
        A draw is kept if at most ``most_close`` atoms of the moving part lie within ``close`` Å of the part that stays
        or of the linker. The residue before the linker is not counted against the linker, to which it is bound. Nor is
        the linker against the part that stays: only the arm has to be clear.
    most_attempts
        Draws after which a state is given up.

    Raises
    ------
    InputError
        As ``find_linker`` does, and if a state finds no such draw.
    """
    found = find_linker(atoms, moving, linker)
    stays = cKDTree(atoms.coordinates[found.stays])
    marks = _marks(found)
    torsions = np.empty((count, len(found.residues), 2))
    attempts = np.empty(count, dtype=np.int64)
    geometry = np.empty((count, 2))
    for state in range(count):
        draw = _first_clear(found, stream(seed, "linker", state), stays, most_close, close, most_attempts)
        if draw is None:
            raise InputError(
                f"none of {most_attempts} draws for state {state} leaves at most {most_close} atoms of the moving part "
                f"within {close:g} Å of the rest: allow more of them, a smaller distance, or a longer linker"
            )
        torsions[state], attempts[state], coordinates = draw
        geometry[state] = _geometry(found, marks, coordinates)
    return LinkerStates(found, torsions, attempts, geometry[:, 0], geometry[:, 1])


def fab_geometry(
    atoms: Atoms, moving: tuple[ResidueRange, ...], linker: tuple[ResidueRange, ...]
) -> tuple[float, float]:
    """Return how far the moving part (the Fab) is from the part that stays, in Å, and its dihedral in degrees.

    The distance is between the two parts' centres of mass, :meth:`Atoms.centre`; the linker belongs to neither. The
    dihedral, -180 to 180, is that of four points: the mark of the part that stays, its centre, the centre of the moving
    part, and that part's mark. It says how the moving part is turned about the line of centres. A part's mark is its
    atom furthest from the line through its centre and the end of it that holds the linker (C of the residue before, N
    of the one after), the first in the file if several are: fixed in the part, and seldom near the line of centres.

    Parameters
    ----------
    atoms
        The structure, in any state.
    moving, linker
        As for :func:`cryobench.structures.torsions.find_linker`.

    Raises
    ------
    InputError
        As ``find_linker`` does.
    """
    found = find_linker(atoms, moving, linker)
    return _geometry(found, _marks(found), atoms.coordinates)


def _first_clear(
    found: Linker, generator: np.random.Generator, stays: cKDTree, most_close: int, close: float, most_attempts: int
) -> tuple[Float64[np.ndarray, "L 2"], int, Float64[np.ndarray, "N 3"]] | None:
    """Return the first draw that keeps the arm clear: torsions, how many draws it took, and coordinates."""
    chains, residues, before = found.atoms.chains, found.atoms.residues, found.ends[0]
    bound = ((chains == chains[before]) & (residues == residues[before]))[found.moving]
    for attempt in range(1, most_attempts + 1):
        torsions = np.column_stack(draw_torsions(generator, len(found.residues)))
        coordinates = found.coordinates(torsions)
        arm = coordinates[found.moving]
        near_linker = atoms_near(arm, coordinates[found.between], close) & ~bound
        if np.count_nonzero(atoms_near(arm, stays, close) | near_linker) <= most_close:
            return torsions, attempt, coordinates
    return None


def _marks(found: Linker) -> tuple[int, int]:
    """Return the index of the mark of the part that stays, and of the moving part."""
    end_of_moving, start_of_rest = found.ends
    return _furthest(found.atoms, found.stays, start_of_rest), _furthest(found.atoms, found.moving, end_of_moving)


def _furthest(atoms: Atoms, part: Bool[np.ndarray, " N"], end: int) -> int:
    """Return the atom of a part furthest from the line through its centre and one of its atoms."""
    centre = np.average(atoms.coordinates[part], axis=0, weights=atoms.weights[part])
    line = atoms.coordinates[end] - centre
    away = np.linalg.norm(np.cross(atoms.coordinates[part] - centre, line), axis=1)
    return int(np.flatnonzero(part)[away.argmax()])


def _geometry(found: Linker, marks: tuple[int, int], coordinates: Float64[np.ndarray, "N 3"]) -> tuple[float, float]:
    weights = found.atoms.weights
    rest, moving = (
        np.average(coordinates[part], axis=0, weights=weights[part]) for part in (found.stays, found.moving)
    )
    points = np.stack([coordinates[marks[0]], rest, moving, coordinates[marks[1]]])
    return float(np.linalg.norm(moving - rest)), dihedral(points)
