"""mmCIF and BinaryCIF: the atoms, the title and the assemblies of a block that biotite parses."""

from __future__ import annotations

import functools
import io
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64

from cryobench.structures.structure_file import AssemblyPart, AtomTable, StructureFile

Category = Mapping[str, Any]
"""Columns by name; each has ``as_array(dtype, value where masked)``."""


def parse_mmcif(content: bytes, *, binary: bool) -> StructureFile:
    """Return what is in the first block that has atoms, of mmCIF text or of BinaryCIF.

    Only coordinates and atom names must be there: small programs leave out much of what the PDB writes.

    Raises
    ------
    ValueError, KeyError
        If there are no atoms, a needed column is missing, or a number cannot be read.
    """
    from biotite.structure.io.pdbx import BinaryCIFFile, CIFFile  # noqa: PLC0415 (slow to import)

    if binary:
        file = BinaryCIFFile.read(io.BytesIO(content))
    else:
        file = CIFFile.read(io.StringIO(content.decode("utf-8", errors="replace")))
    blocks = (file[name] for name in file)
    block = next((block for block in blocks if "atom_site" in block), None)
    if block is None:
        raise ValueError("there is no atom_site in it")
    title = _texts(block["struct"], "title")[0] if "struct" in block and "title" in block["struct"] else ""
    return StructureFile(_table(block["atom_site"]), str(title).strip(), functools.partial(_assemblies, block))


def _table(site: Category) -> AtomTable:
    axes = [site[f"Cartn_{axis}"].as_array(np.float64, np.nan) for axis in "xyz"]
    n = len(axes[0])

    def texts(*columns: str) -> np.ndarray:
        """Return the first column that exists; empty where masked, or if none exists."""
        return next((_texts(site, column) for column in columns if column in site), np.full(n, ""))

    def floats(column: str) -> np.ndarray:
        return np.asarray(site[column].as_array(np.float64, np.nan)) if column in site else np.full(n, np.nan)

    residues = texts("auth_seq_id", "label_seq_id")
    models = texts("pdbx_PDB_model_num")
    table = AtomTable(
        coordinates=np.stack(axes, axis=1),
        occupancies=floats("occupancy"),
        b_factors=floats("B_iso_or_equiv"),
        symbols=texts("type_symbol"),
        alternates=texts("label_alt_id"),
        chains=texts("auth_asym_id", "label_asym_id"),
        residues=np.where(residues == "", "0", residues).astype(np.int64),
        insertions=texts("pdbx_PDB_ins_code"),
        residue_names=texts("auth_comp_id", "label_comp_id"),
        names=texts("auth_atom_id", "label_atom_id"),
        units=texts("label_asym_id", "auth_asym_id"),
    )
    first = models == models[:1]
    return table if first.all() else AtomTable(**{name: column[first] for name, column in vars(table).items()})


def _texts(category: Category, column: str) -> np.ndarray:
    return np.asarray(category[column].as_array(str, ""))


def _assemblies(block: Mapping[str, Category]) -> dict[str, tuple[AssemblyPart, ...]]:
    if "pdbx_struct_assembly_gen" not in block or "pdbx_struct_oper_list" not in block:
        return {}
    operators = _operators(block["pdbx_struct_oper_list"])
    found: dict[str, tuple[AssemblyPart, ...]] = {}
    columns = (
        _texts(block["pdbx_struct_assembly_gen"], name) for name in ("assembly_id", "oper_expression", "asym_id_list")
    )
    for name, expression, units in zip(*columns, strict=True):
        # The leftmost operator of a product is applied last.
        products = [functools.reduce(np.matmul, (operators[step] for step in steps)) for steps in _steps(expression)]
        part = AssemblyPart(tuple(unit.strip() for unit in units.split(",")), np.array(products)[:, :3])
        found[str(name)] = (*found.get(str(name), ()), part)
    return found


def _operators(listed: Category) -> dict[str, Float64[np.ndarray, "4 4"]]:
    names = _texts(listed, "id")
    matrices = np.tile(np.eye(4), (len(names), 1, 1))
    for i in range(3):
        for j in range(3):
            matrices[:, i, j] = listed[f"matrix[{i + 1}][{j + 1}]"].as_array(np.float64, np.nan)
        matrices[:, i, 3] = listed[f"vector[{i + 1}]"].as_array(np.float64, np.nan)
    return dict(zip(names.tolist(), matrices, strict=True))


def _steps(expression: str) -> list[tuple[str, ...]]:
    """Return the operators to multiply for each copy: ``"(X0)(1-3,5)"`` has four, X0 1, X0 2, X0 3 and X0 5."""
    groups = [group for group in expression.replace(" ", "").replace(")", "(").split("(") if group]
    return list(itertools.product(*([name for item in group.split(",") for name in _range(item)] for group in groups)))


def _range(item: str) -> list[str]:
    first, _, last = item.partition("-")
    return [str(number) for number in range(int(first), int(last) + 1)] if last else [item]
