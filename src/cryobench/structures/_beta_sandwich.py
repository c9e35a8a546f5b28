"""An ideal immunoglobulin domain: two antiparallel beta sheets, packed face to face.

Domain frame, in Å: y runs along the strands, from the domain's first residue's end to its last; z is the normal from
the sheet of strands A, B, E, D to that of G, F, C; x is the sideways direction within a sheet.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

RISE = 3.3
"""Advance per residue along a strand, in Å."""
SPACING = 4.8
"""Distance between neighbouring strands of a sheet, in Å."""
CA_STEP = 3.8
"""Distance between the CA of consecutive residues (trans peptide), in Å."""

_PACKING = 10.0  # between the sheets, Å
_TWIST = -0.054  # of a sheet, rad per Å sideways: -15 degrees from strand to strand, as left-handed as in nature

Topology = tuple[tuple[int, float], ...]
"""Sheet (0 or 1) and sideways place (in strands) of each strand, in the order of the chain."""

CONSTANT: Topology = ((0, 1.5), (0, 0.5), (1, -1.0), (0, -1.5), (0, -0.5), (1, 0.0), (1, 1.0))
"""Strands A B C D E F G of a constant domain."""

VARIABLE: Topology = ((0, 2.0), (0, 1.0), (1, -0.5), (1, -1.5), (1, -2.5), (0, -1.0), (0, 0.0), (1, 0.5), (1, 1.5))
"""Strands A B C C' C'' D E F G of a variable domain."""


def strand_traces(topology: Topology, n_residues: int) -> Float64[np.ndarray, "S L 3"]:
    """Return the CA of every strand of a domain.

    The sheets are the two surfaces parallel to the saddle z = twist x y, on either side of it. Strands that lie above
    each other on the saddle then cross by about -30 degrees, as the sheets of proteins do.

    Parameters
    ----------
    topology
        Where each of the S strands lies. Strands alternate between up and down y.
    n_residues
        Residues in a strand, L.

    Returns
    -------
    Positions in the domain frame in Å, shape (S, L, 3), each strand in the order of the chain.
    """
    sheets, places = np.array(topology).T
    along = RISE * (np.arange(n_residues) - (n_residues - 1) / 2)
    # Residues side by side on neighbouring strands must lie on the same side of the sheet.
    pleat = np.sqrt(CA_STEP**2 - RISE**2) / 2 * (-1.0) ** np.arange(n_residues)

    height = _PACKING * (sheets[:, None] - 0.5)
    # Bring back the spacing and the rise that the shear of a parallel surface and the slope of a strand change.
    tilt, slope = height * _TWIST, _TWIST * SPACING * places[:, None]
    across = np.sqrt(1 + np.mean((_TWIST * along) ** 2))  # the sheet slopes sideways too, more towards its ends
    x = places[:, None] * SPACING * np.sqrt(1 + tilt**2) / (1 - tilt**2) / across
    x, y = np.broadcast_arrays(x, along / np.sqrt(1 + tilt**2 + slope**2) + 2 * tilt / (1 + tilt**2) * x)
    normal = np.stack([-_TWIST * y, -_TWIST * x, np.ones_like(x)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    traces = np.stack([x, y, _TWIST * x * y], axis=-1) + (height + pleat)[..., None] * normal
    traces[1::2] = traces[1::2, ::-1]
    return np.asarray(traces)


def backbone(trace: Float64[np.ndarray, "R 3"]) -> Float64[np.ndarray, "R 5 3"]:
    """Return N, CA, C, O and CB of every residue, in Å, from the CA of one chain.

    Each peptide is planar and trans, with the carbonyl against the trace's binormal: along the axis of a left-handed
    helix, and to one side and the other in turn in a strand. CB follows from N, CA and C of an L-amino acid.
    """
    padded = np.concatenate([[trace[0] - (trace[2] - trace[1])], trace, [trace[-1] + trace[-2] - trace[-3]]])
    steps = np.diff(padded, axis=0)
    lengths = np.linalg.norm(steps, axis=1, keepdims=True)
    along = steps / lengths
    binormal = np.cross(along[:-1], along[1:])
    binormal /= np.linalg.norm(binormal, axis=1, keepdims=True)
    # The peptide before the first residue is there for its N alone.
    side = np.concatenate([binormal[:1], -binormal])

    centre = padded[:-1] + steps / 2
    offsets = {"C": (-0.477, 0.544), "N": (0.487, -0.368), "O": (-0.274, 1.757)}
    c, n, o = (centre + along_by * along + side_by * side for along_by, side_by in offsets.values())
    n, c, o = n[:-1], c[1:], o[1:]
    b, d = trace - n, c - trace
    cb = -0.583 * np.cross(b, d) + 0.568 * b - 0.541 * d
    cb *= 1.53 / np.linalg.norm(cb, axis=1, keepdims=True)
    return np.stack([n, trace, c, o, trace + cb], axis=1)
