"""Protein complexes built by code: each index has a shape of its own, at any mass.

Domains (beta sandwiches of the synthetic antibody and bundles of helices) are packed until they touch, in subunits that
rotational symmetry repeats, with or without partners bound to one side.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from cryobench.core import InputError, stream
from cryobench.structures._folds import ATOMIC_NUMBERS, folds
from cryobench.structures._packing import hangs_together, touching_along
from cryobench.structures.atoms import Atoms

ELECTRONS_PER_DALTON = 0.535
"""Of protein."""
MASSES = (50.0, 2000.0)
"""Least and largest mass in kDa."""

_DOMAIN_KDA = 11.7  # 106 residues of 110 Da
_GROUPS = {
    "C1": 6, "C2": 6, "C3": 4, "C4": 3, "C5": 2, "C6": 2, "C7": 2,
    "D2": 3, "D3": 3, "D4": 2, "D5": 1, "D7": 1, "T": 1, "O": 1,
}  # fmt: skip
"""Point groups (Schoenflies) and how often they are drawn."""
_LARGEST_C1 = 30  # domains; more without symmetry take long
_TRIALS = 24
_THINNED = 3  # a try looks at every third CA
_ENOUGH = 8  # contacts between those
_ATTEMPTS = 40

Matrices = Float64[np.ndarray, "g 3 3"]


class _Domain(NamedTuple):
    """Atoms in Å, shape (R, 7, 3), and the attitude in which the fold was placed, shape (3, 3)."""

    atoms: Float64[np.ndarray, "R 7 3"]
    attitude: Float64[np.ndarray, "3 3"]

    def turned(self, turn: Float64[np.ndarray, "3 3"]) -> _Domain:
        return _Domain(self.atoms @ turn.T, turn @ self.attitude)

    @property
    def trace(self) -> Float64[np.ndarray, "R 3"]:
        return self.atoms[:, 1]


@dataclass(frozen=True)
class _Style:
    """What makes one assembly look unlike another.

    ``group`` is its point group; ``repeated`` the domains of its asymmetric unit and ``bound`` those that follow no
    symmetry. ``stretch`` (3,) is the aspect it grows towards, ``compact`` how much that counts against contacts,
    ``parallel`` how often neighbours lie side by side, ``chain_length`` the domains of a chain.
    """

    group: str
    repeated: int
    bound: int
    stretch: Float64[np.ndarray, " 3"]
    compact: float
    parallel: float
    chain_length: int


def synthetic_assembly(index: int, mass_kda: float) -> Atoms:
    """Return a synthetic protein complex, centred on its weighted mean.

    Each residue has N, CA, C, O, CB, CG and CD. The electrons of a protein of that mass (0.535 a dalton) are spread
    over them in proportion to Z. Chains are named A to Z, then AA, AB ...; copies by symmetry have their own.

    Parameters
    ----------
    index
        Which complex, at least 0. Shape, symmetry and folds depend on it and on the mass, and on nothing else.
    mass_kda
        Mass in kDa, within :data:`MASSES`.

    Raises
    ------
    InputError
        If the index is negative or the mass outside its limits.
    """
    if index < 0:
        raise InputError(f"index is {index}, expected a number of at least 0")
    if not MASSES[0] <= mass_kda <= MASSES[1]:
        raise InputError(f"mass_kda is {mass_kda:g}, expected {MASSES[0]:g} to {MASSES[1]:g} kDa")
    for attempt in range(_ATTEMPTS):
        random = stream(attempt, "synthetic assembly", index)
        style = _style(random, round(mass_kda / _DOMAIN_KDA))
        chains = _built(style, random)
        if hangs_together([domain.trace for chain in chains for domain in chain]):
            return _atoms(chains, mass_kda, f"Synthetic protein complex {index}, {mass_kda:g} kDa, {style.group}")
    raise InputError(f"no connected complex of {mass_kda:g} kDa found for index {index}: choose another index or mass")


def _style(random: np.random.Generator, n_domains: int) -> _Style:
    """Draw a style that comes within 6 % of a number of domains."""
    names = list(_GROUPS)
    shares = np.array(list(_GROUPS.values())) / sum(_GROUPS.values())
    while True:
        group = str(random.choice(names, p=shares))
        order = len(_rotations(group))
        core = n_domains if random.random() < 0.7 else round(n_domains * random.uniform(0.6, 0.85))
        repeated = round(core / order)
        bound = n_domains - repeated * order if core < n_domains else 0
        least = 1 if group[0] == "C" else 2
        most = _LARGEST_C1 if group == "C1" else n_domains
        if least <= repeated <= most and bound >= 0 and abs(repeated * order + bound - n_domains) <= 0.06 * n_domains:
            break
    return _Style(
        group=group,
        repeated=repeated,
        bound=bound,
        stretch=np.exp(random.uniform(-0.3, 0.3, 3)),
        compact=random.uniform(1.0, 3.0),
        parallel=random.uniform(0.3, 0.9),
        chain_length=int(random.integers(1, 5)),
    )


@functools.cache
def _rotations(group: str) -> Matrices:
    """Return the rotations of a point group, the identity first."""
    turns = Rotation.create_group(group).as_matrix()
    return np.asarray(turns[np.argsort(-np.trace(turns, axis1=1, axis2=2).round(9), kind="stable")])


def _built(style: _Style, random: np.random.Generator) -> list[list[_Domain]]:
    """Return the domains of each chain: every copy of the asymmetric unit, then what is bound to them."""
    turns = _rotations(style.group)
    # A palette of few folds, as in a complex of related subunits.
    palette = [folds()[k] for k in random.permutation(len(folds()))[: int(random.integers(2, 6))]]
    unit: list[_Domain] = []
    for _ in range(style.repeated):
        unit.append(_placed(unit, palette, turns, [], style, random))
    copies = [[domain.turned(turn) for domain in unit] for turn in turns]
    standing = [domain for copy in copies for domain in copy]
    bound: list[_Domain] = []
    for _ in range(style.bound):
        bound.append(_placed(bound, palette, turns[:1], standing, style, random))
    length = style.chain_length
    return [part[k : k + length] for part in (*copies, bound) for k in range(0, len(part), length)]


def _placed(
    unit: list[_Domain],
    palette: list[Float64[np.ndarray, "_ 7 3"]],
    turns: Matrices,
    standing: list[_Domain],
    style: _Style,
    random: np.random.Generator,
) -> _Domain:
    """Return one more domain of the asymmetric unit: of some tries, the best to look at.

    A try slides a fold in until it touches anything. Many contacts are good, and so is a place near the centre of an
    ellipsoid of the style's aspect.
    """
    there = [domain.turned(turn) for turn in turns for domain in unit] + standing
    if not there and len(turns) == 1:
        return _Domain(palette[0], np.eye(3))
    fixed = np.concatenate([domain.trace for domain in there]) if there else np.empty((0, 3))
    size = 15.0 * (len(there) + len(turns)) ** (1 / 3)
    best, tried = -np.inf, 0
    while tried < _TRIALS or best == -np.inf:
        tried += 1
        domain, direction = _aimed(palette, there, style, random)
        away, contacts = touching_along(domain.trace[::_THINNED], direction, fixed[::_THINNED], turns[1:])
        if contacts:
            centre = domain.trace.mean(axis=0) + away * direction
            off_centre = float(np.linalg.norm(centre / style.stretch)) / size
            score = min(contacts, _ENOUGH) / _ENOUGH - style.compact * off_centre
            if score > best:
                best, chosen, along = score, domain, direction
    away, _ = touching_along(chosen.trace, along, fixed, turns[1:])
    return _Domain(chosen.atoms + away * along, chosen.attitude)


def _aimed(
    palette: list[Float64[np.ndarray, "_ 7 3"]], there: list[_Domain], style: _Style, random: np.random.Generator
) -> tuple[_Domain, Float64[np.ndarray, " 3"]]:
    """Return a domain at one of those that are there (or at the origin), and a direction for it to stand off."""
    fold = palette[int(random.integers(len(palette)))]
    attitude = Rotation.from_quat(random.normal(size=4))
    direction = random.normal(size=3)
    aim = np.zeros(3)
    if there:
        neighbour = there[int(random.integers(len(there)))]
        aim = neighbour.trace.mean(axis=0) + random.normal(0.0, 8.0, 3)
        if random.random() < style.parallel:  # turned about its long axis (z), and a little askew
            about = Rotation.from_rotvec([0.0, 0.0, random.uniform(0.0, 2 * np.pi)])
            askew = Rotation.from_rotvec(random.normal(0.0, 0.3, 3))
            attitude = Rotation.from_matrix(neighbour.attitude) * askew * about
    elif style.group[0] == "C":
        direction[2] = 0.0  # along the symmetry axis it would never part from its copies
    turn = attitude.as_matrix()
    return _Domain(fold @ turn.T + aim, turn), direction / np.linalg.norm(direction)


def _atoms(chains: list[list[_Domain]], mass_kda: float, title: str) -> Atoms:
    """Return the chains as atoms, with the electrons of ``mass_kda``, centred."""
    whole = [np.concatenate([domain.atoms for domain in domains]) for domains in chains]
    lengths = [len(chain) for chain in whole]
    n_residues, per_residue = sum(lengths), len(ATOMIC_NUMBERS)
    coordinates = np.concatenate(whole).reshape(-1, 3)
    numbers = np.tile(np.array(list(ATOMIC_NUMBERS.values())), n_residues)
    weights = numbers * (1000 * mass_kda * ELECTRONS_PER_DALTON / numbers.sum())
    names = [first + second for first in ("", *ascii_uppercase) for second in ascii_uppercase]
    return Atoms(
        coordinates=coordinates - np.average(coordinates, axis=0, weights=weights),
        weights=weights,
        numbers=numbers,
        b_factors=np.zeros(len(numbers)),
        chains=np.repeat(names[: len(whole)], [per_residue * n for n in lengths]),
        residues=np.concatenate([np.repeat(np.arange(1, n + 1), per_residue) for n in lengths]),
        residue_names=np.full(len(numbers), "NVA"),
        names=np.tile(list(ATOMIC_NUMBERS), n_residues),
        title=f"{title} (built by code, not an experimental structure)",
    )
