"""Random streams keyed by (seed, stage, index), so that what is drawn depends on nothing else.

Each stage of a simulation (``"pose"``, ``"noise"`` ...) has its own key of a counter-based generator (Philox), and each
particle its own block of counters. Neither batch size, worker count, order nor a resumed run can change a draw.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, stage: str, index: int = 0) -> np.random.Generator:
    """Return the generator of one particle (or other item) at one stage.

    Parameters
    ----------
    seed
        The user's seed, any integer of at least 0.
    stage
        Name of the stage. Two stages never share numbers.
    index
        Particle index, at least 0. Blocks of two indices are 2^192 draws apart.
    """
    if seed < 0 or index < 0:
        raise ValueError(f"seed and index are at least 0, not {seed} and {index}")
    digest = hashlib.blake2b(f"cryobench\0{seed}\0{stage}".encode(), digest_size=16).digest()
    key = np.frombuffer(digest, dtype="<u8")
    counter = np.array([0, 0, 0, index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
