"""The PDB format: atoms by column (wwPDB format 3.3), the title, and the assemblies of REMARK 350.

biotite's own reader refuses blank occupancies and B-factors, which programs for molecular dynamics write, and cuts
residue names of four letters, such as TIP3.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from cryobench.structures.structure_file import AssemblyPart, AtomTable, StructureFile

_WIDTH = 80


def parse_pdb(content: bytes) -> StructureFile:
    """Return what is in a PDB file.

    Raises
    ------
    ValueError
        If a number cannot be read, naming the record.
    """
    lines = content.decode("utf-8", errors="replace").splitlines()
    return StructureFile(
        table=_table([line for line in _first_model(lines) if line.startswith(("ATOM", "HETATM"))]),
        title=" ".join(" ".join(line[10:_WIDTH] for line in lines if line.startswith("TITLE ")).split()),
        assemblies=functools.partial(_assemblies, lines),
    )


def _first_model(lines: Sequence[str]) -> Sequence[str]:
    ends = (i for i, line in enumerate(lines) if line.startswith("ENDMDL"))
    return lines[: next(ends, len(lines))]


def _table(records: list[str]) -> AtomTable:
    characters = np.array([record.ljust(_WIDTH)[:_WIDTH] for record in records], dtype=f"U{_WIDTH}")
    characters = characters.view("U1").reshape(-1, _WIDTH)

    def column(first: int, last: int) -> np.ndarray:
        """Return the text in columns ``first`` to ``last``, which count from 1 as in the format's description."""
        part = np.ascontiguousarray(characters[:, first - 1 : last])
        return np.char.strip(part.view(f"U{last - first + 1}")[:, 0])

    chains = column(22, 22)
    return AtomTable(
        coordinates=np.stack([_floats(column(at, at + 7), "coordinate") for at in (31, 39, 47)], axis=1),
        occupancies=_floats(column(55, 60), "occupancy"),
        b_factors=_floats(column(61, 66), "B-factor"),
        symbols=column(77, 78),
        alternates=column(17, 17),
        chains=chains,
        residues=_residue_numbers(column(23, 26)),
        insertions=column(27, 27),
        residue_names=column(18, 21),
        names=column(13, 16),
        units=chains,
    )


def _floats(text: np.ndarray, meaning: str) -> Float64[np.ndarray, " N"]:
    """Return numbers, where blank text is not a number."""
    filled = np.where(text == "", "nan", text)
    try:
        return filled.astype(np.float64)
    except ValueError:
        return np.array(_each(filled, float, meaning))


def _residue_numbers(text: np.ndarray) -> Int[np.ndarray, " N"]:
    """Return residue numbers, which large files may write in base 36."""
    try:
        return text.astype(np.int64)
    except ValueError:
        from biotite.structure.io.pdb.hybrid36 import decode_hybrid36  # noqa: PLC0415 (slow to import)

        return np.array(_each(text, lambda value: decode_hybrid36(value.rjust(4)), "residue number"), dtype=np.int64)


def _each(text: np.ndarray, convert: Callable[[str], Any], meaning: str) -> list[Any]:
    """Return each text converted, or raise ValueError with the first that cannot be."""
    converted = []
    for i, value in enumerate(text.tolist()):
        try:
            converted.append(convert(value))
        except ValueError as error:
            raise ValueError(f"the {meaning} '{value}' of atom {i + 1} is no number") from error
    return converted


def _assemblies(lines: Sequence[str]) -> dict[str, tuple[AssemblyPart, ...]]:
    """Return the assemblies of REMARK 350: sets of chains, each with three lines (BIOMT1 to 3) for each operator."""
    found: dict[str, list[tuple[list[str], list[list[float]]]]] = {}
    current: list[str] = []
    for line in lines:
        if not line.startswith("REMARK 350"):
            continue
        key, _, rest = line[10:].strip().partition(":")
        if key == "BIOMOLECULE":
            current = [name.strip() for name in rest.split(",")]
            found |= {name: [] for name in current}
        elif key.endswith("CHAINS"):
            # NULL stands for chains without a name.
            chains = ["" if name.strip() == "NULL" else name.strip() for name in rest.rstrip(" ,").split(",")]
            for name in current:
                if key.startswith("APPLY"):
                    found[name].append(([], []))
                found[name][-1][0].extend(chains)
        elif key.startswith("BIOMT"):
            for name in current:
                found[name][-1][1].append([float(value) for value in key.split()[2:6]])
    return {
        name: tuple(AssemblyPart(tuple(chains), np.array(rows).reshape(-1, 3, 4)) for chains, rows in parts)
        for name, parts in found.items()
    }
