"""Shapes that a structure takes by bending: an ensemble from the softest motions of an elastic network.

The network has one node a residue and a spring of strength 1 between any two nodes within a cutoff. Its normal modes of
lowest eigenvalue are the softest motions. They need no force field and no simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph
import scipy.sparse.linalg
from jaxtyping import Float64, Int
from scipy.spatial import cKDTree

from cryobench.core import InputError, stream
from cryobench.core.checks import require_positive, require_shape
from cryobench.structures._near_rigid import NearRigid, factorised
from cryobench.structures.atoms import Atoms

CUTOFF = 15.0
"""Longest spring in Å."""
LEAST_COLLECTIVITY = 0.2
"""Least share of the nodes that a mode has to move."""

_NODE_NAMES = ("CA", "C1'")
_RIGID = 6  # translations and rotations
_ZERO = 1e-10  # eigenvalue below which a motion costs nothing
_SHIFT = -1e-4
_MOST_MODES = 16  # looked through, for each one asked for


@dataclass(frozen=True, eq=False)
class NormalModes:
    """The softest collective motions of a structure.

    Parameters
    ----------
    atoms
        The structure at rest.
    modes
        Displacement of each node in Å by an amplitude of 1, shape (K, n, 3), softest first. Their root mean square over
        the nodes is 1, so that an amplitude is a root-mean-square displacement in Å.
    eigenvalues
        Stiffness of each mode, shape (K,), for springs of strength 1 and displacements of norm 1.
    nodes
        The node that each atom moves with, shape (N,).
    network
        The nodes and their springs.
    """

    atoms: Atoms
    modes: Float64[np.ndarray, "K n 3"]
    eigenvalues: Float64[np.ndarray, " K"]
    nodes: Int[np.ndarray, " N"]
    network: NearRigid

    def amplitudes(self, rmsd: float, seed: int, index: int) -> Float64[np.ndarray, " K"]:
        """Return the random amplitudes of one state in Å.

        They are normal, with variances in proportion to 1/eigenvalue as at thermal equilibrium, and depend on nothing
        but the modes and the arguments. The first is the ensemble's main collective variable.

        Parameters
        ----------
        rmsd
            Root mean square, over the ensemble, of the displacement from rest, in Å.
        seed, index
            Seed of the ensemble, and which of its states.

        Raises
        ------
        InputError
            If ``rmsd`` is not above 0.
        """
        require_positive("rmsd", rmsd)
        spread = 1 / np.sqrt(self.eigenvalues)
        spread *= rmsd / np.linalg.norm(spread)
        return np.asarray(spread * stream(seed, "modes", index).standard_normal(len(spread)))

    def displaced(self, amplitudes: Float64[np.ndarray, " K"]) -> Float64[np.ndarray, "N 3"]:
        """Return the positions of all atoms in Å, with each mode displaced by its amplitude in Å.

        Straight displacements would stretch what turns. So the nodes are relaxed until every neighbourhood has nearly
        its own shape again, which takes a little off the displacement (2 % in an antibody, 16 % in the spike of
        SARS-CoV-2). Then each residue follows its node as a rigid body, turned as the nodes around it turn.

        Raises
        ------
        InputError
            If there is not one amplitude for each mode.
        """
        require_shape("amplitudes", amplitudes, (len(self.modes),))
        rest = self.network.points
        placed, turns = self.network.follow(rest + np.einsum("k,kni->ni", amplitudes, self.modes))
        arms = self.atoms.coordinates - rest[self.nodes]
        return np.asarray(placed[self.nodes] + np.einsum("nij,nj->ni", turns[self.nodes], arms))


def normal_modes(atoms: Atoms, n_modes: int = 10, cutoff: float = CUTOFF) -> NormalModes:
    """Return the softest collective modes of a structure's anisotropic network.

    Nodes are the CA of amino acids and the C1' of nucleotides. Modes that move few nodes (dangling ends) are left out;
    so are ions, ligands and sugars, which move with the node nearest to them. The answer is the same every time: signs,
    and the axes of modes that symmetry makes equally stiff, are fixed by directions drawn once and for all.

    Parameters
    ----------
    atoms
        The structure.
    n_modes
        Number of modes, K.
    cutoff
        Longest spring in Å.

    Raises
    ------
    InputError
        If there are too few residues, the network falls apart or has loose hinges, or too few modes are collective.

    References
    ----------
    Atilgan et al., Biophys. J. 80, 505 (2001). Collectivity: Brüschweiler, J. Chem. Phys. 102, 3396 (1995).
    """
    require_positive("n_modes", float(n_modes))
    require_positive("cutoff", cutoff)
    node_atoms, nodes = _nodes(atoms)
    points = atoms.coordinates[node_atoms]
    if 3 * len(points) <= 2 * (_RIGID + 2 * n_modes):
        raise InputError(
            f"{atoms.title}: {len(points)} residues with a CA or C1' atom are too few for {n_modes} modes: "
            "choose fewer modes or a larger structure"
        )
    pairs = cKDTree(points).query_pairs(cutoff, output_type="ndarray").astype(np.int64)
    _require_connected(atoms, node_atoms, pairs, cutoff)
    eigenvalues, modes = _softest(atoms.title, points, pairs, n_modes)
    return NormalModes(atoms, modes * np.sqrt(len(points)), eigenvalues, nodes, NearRigid.of(points, pairs))


def _nodes(atoms: Atoms) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " N"]]:
    """Return which atoms are nodes, and the node that each atom moves with."""
    n = len(atoms)
    fields = (atoms.chains, atoms.residues, atoms.residue_names)
    starts = np.concatenate([[True], np.any([field[1:] != field[:-1] for field in fields], axis=0)])
    # Residues that share a number, apart from an insertion code, begin with the same atom.
    starts |= atoms.names == atoms.names[starts][np.cumsum(starts) - 1]
    residue = np.cumsum(starts) - 1
    candidates = np.flatnonzero(np.isin(atoms.names, _NODE_NAMES) & (atoms.numbers == 6))
    with_node, first = np.unique(residue[candidates], return_index=True)
    node_atoms = candidates[first]
    if not len(node_atoms):
        return node_atoms, np.zeros(n, dtype=np.int64)

    of_residue = np.full(residue[-1] + 1, -1, dtype=np.int64)
    of_residue[with_node] = np.arange(len(node_atoms))
    lone = of_residue < 0
    sums = np.stack([np.bincount(residue, axis) for axis in atoms.coordinates.T], axis=1)
    middles = sums / np.bincount(residue)[:, None]
    of_residue[lone] = cKDTree(atoms.coordinates[node_atoms]).query(middles[lone])[1]
    return node_atoms, of_residue[residue]


def _require_connected(
    atoms: Atoms, node_atoms: Int[np.ndarray, " n"], pairs: Int[np.ndarray, "P 2"], cutoff: float
) -> None:
    links = sp.coo_array((np.ones(len(pairs)), tuple(pairs.T)), (len(node_atoms),) * 2)
    n_parts, part = scipy.sparse.csgraph.connected_components(links, directed=False)
    if n_parts > 1:
        sizes = np.bincount(part)
        loose = node_atoms[np.argmax(part == sizes.argmin())]
        raise InputError(
            f"{atoms.title}: the structure falls into {n_parts} parts further than {cutoff:g} Å from each other (the "
            f"smallest has {sizes.min()} residues, with {atoms.chains[loose]}:{atoms.residues[loose]}): "
            "take one part, or a longer cutoff"
        )


def _softest(
    title: str, points: Float64[np.ndarray, "n 3"], pairs: Int[np.ndarray, "P 2"], n_modes: int
) -> tuple[Float64[np.ndarray, " K"], Float64[np.ndarray, "K n 3"]]:
    """Return the eigenvalues and unit vectors of the softest collective modes."""
    hessian = _hessian(points, pairs)
    size = hessian.shape[0]
    inverse = scipy.sparse.linalg.LinearOperator(
        hessian.shape, matvec=factorised((hessian - _SHIFT * sp.eye_array(size)).tocsc()).solve, dtype=np.float64
    )
    start = stream(0, "start of the modes").standard_normal(size)
    most = min(_RIGID + _MOST_MODES * n_modes, size // 2)
    n_tried = min(_RIGID + 2 * n_modes, most)
    while True:
        values, vectors = scipy.sparse.linalg.eigsh(hessian, k=n_tried, sigma=_SHIFT, OPinv=inverse, v0=start)
        order = np.argsort(values)
        values, vectors = values[order], vectors[:, order]
        if values[_RIGID - 1] > _ZERO or values[_RIGID] <= _ZERO:
            free = int((values <= _ZERO).sum())
            raise InputError(
                f"{title}: {free} motions of the network cost nothing, expected the six of a rigid body: a part hangs "
                "by too few contacts; leave it out, or take a longer cutoff"
            )
        values, modes = _settled(values[_RIGID:], vectors[:, _RIGID:])
        collective = np.flatnonzero(collectivity(modes) >= LEAST_COLLECTIVITY)[:n_modes]
        if len(collective) == n_modes:
            return values[collective], modes[collective]
        if n_tried == most:
            raise InputError(
                f"{title}: of the {len(values)} softest motions {len(collective)} move a fifth of the residues, "
                f"{n_modes} were asked for: choose fewer modes, or leave out loose ends"
            )
        n_tried = min(2 * n_tried, most)


def _hessian(points: Float64[np.ndarray, "n 3"], pairs: Int[np.ndarray, "P 2"]) -> sp.csc_array:
    """Return the second derivatives of the network's energy, shape (3n, 3n), as the square of its strains."""
    first, second = pairs.T
    along = points[second] - points[first]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    columns = (3 * pairs[:, :, None] + np.arange(3)).reshape(len(pairs), 6)
    rows = np.repeat(np.arange(len(pairs)), 6)
    strains = sp.csr_array((np.hstack([-along, along]).ravel(), (rows, columns.ravel())), (len(pairs), 3 * len(points)))
    return (strains.T @ strains).tocsc()


def _settled(
    values: Float64[np.ndarray, " k"], vectors: Float64[np.ndarray, "size k"]
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, "m n 3"]]:
    """Return modes with their signs fixed, and their axes where eigenvalues are equal."""
    groups = np.split(np.arange(len(values)), np.flatnonzero(np.diff(values) > 1e-6 * values[1:]) + 1)
    if len(groups) > 1:
        groups.pop()  # it may go on beyond the last value
    largest = max(map(len, groups))
    directions = stream(0, "directions of the modes").standard_normal((len(vectors), largest))
    settled = []
    for group in groups:
        turn, triangle = np.linalg.qr(vectors[:, group].T @ directions[:, : len(group)])
        settled.append(vectors[:, group] @ (turn * np.sign(np.diag(triangle))))
    modes = np.hstack(settled).T
    return values[: len(modes)], modes.reshape(len(modes), -1, 3)


def collectivity(modes: Float64[np.ndarray, "K n 3"]) -> Float64[np.ndarray, " K"]:
    """Return the share of nodes that each mode moves, from 1/n (a single one) to 1 (all alike)."""
    share = np.sum(modes**2, axis=2)
    share /= share.sum(axis=1, keepdims=True)
    entropy = -np.sum(share * np.log(np.maximum(share, np.finfo(float).tiny)), axis=1)
    return np.asarray(np.exp(entropy) / share.shape[1])
