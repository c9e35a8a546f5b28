"""Results on disk: ``results.json`` with what is a number or a word, ``results.npz`` with the arrays beside it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydantic

from cryobench.benchmark.tables import csv_text
from cryobench.benchmark.volumes import PER_CONFORMATION, PER_IMAGE
from cryobench.core import (
    CryobenchError,
    Embedding,
    FormatError,
    ItemValues,
    MetricCard,
    Picture,
    Results,
    ResultsDocument,
    Surface,
)
from cryobench.io import read_arrays, read_text, sha256, write_bytes, write_text

DOCUMENT, ARRAYS, ITEMS, EMBEDDINGS = "results.json", "results.npz", "items.csv", "embeddings.csv"
RESULT_FILES = (DOCUMENT, ARRAYS, ITEMS, EMBEDDINGS)

_INDEX = "index"
_VERSION = 2
_KINDS = ("embeddings", "pictures", "surfaces", "items")

Words = dict[str, Any]


def write_results(results: Results, folder: Path) -> None:
    """Write results into a folder: ``results.npz`` and tables first, ``results.json`` last.

    ``items.csv`` has a row for each value behind the scores of volumes, ``embeddings.csv`` the points of each latent
    space drawn. The same results give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = pack_arrays(results)
    write_bytes(folder / ARRAYS, arrays)
    names = {state.index: state.name for state in results.document.states}
    write_text(folder / ITEMS, _items_text(results.items, names))
    write_text(folder / EMBEDDINGS, _embeddings_text(results.embeddings))
    document = results.document.model_copy(update={"arrays": hashlib.sha256(arrays).hexdigest()})
    write_text(folder / DOCUMENT, document.model_dump_json(indent=1) + "\n")


def read_results(path: Path) -> Results:
    """Read results: a folder, or the file ``results.json`` in it.

    Without ``results.npz`` beside it, they have no arrays.

    Raises
    ------
    FormatError
        If a file is missing or damaged, or of a schema version that is not known.
    """
    file = path / DOCUMENT if path.is_dir() else path
    document = read_document(file)
    arrays = file.with_name(ARRAYS)
    expected = document.arrays
    document = document.model_copy(update={"arrays": ""})
    if not arrays.is_file():
        return Results(document)
    if expected and sha256(arrays) != expected:
        raise FormatError(f"{arrays}: not the arrays of {file}, but of another run, or damaged: score again")
    return _unpack(document, arrays)


def read_document(path: Path) -> ResultsDocument:
    """Read ``results.json``; that of schema version 1, which lacks later parts, too.

    Raises
    ------
    FormatError
        Naming the field that is not what it should be, or the version.
    """
    text = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not JSON ({error}): expected a results.json of cryobench") from error
    if not isinstance(content, dict):
        raise FormatError(f"{path}: no object: expected a results.json of cryobench")
    version = content.get("schema_version")
    if type(version) is int and version == 1:
        content["schema_version"] = _VERSION
    elif type(version) is not int or version != _VERSION:
        raise FormatError(
            f"{path}: field 'schema_version' is {version!r}, expected 1 or {_VERSION}: written by another version of "
            "cryobench; read it with that one, or score again"
        )
    try:
        document = ResultsDocument.model_validate(content)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FormatError(f"{path}: field '{where}': {first['msg']}: expected a results.json of cryobench") from error
    _require_described(document, path)
    return document


def _require_described(document: ResultsDocument, path: Path) -> None:
    known = {card.name for card in document.methods}
    if len(known) < len(document.methods):
        raise FormatError(f"{path}: two methods share a name")
    parts = ("runs", "scores", "curves", "matrices", "imbalance", "histograms")
    named = [(part, record.method) for part in parts for record in getattr(document, part)]
    named += [("comparisons", name) for each in document.comparisons for name in (each.first, each.second)]
    for part, name in named:
        if name not in known:
            raise FormatError(f"{path}: '{part}' has a record of method '{name}', which is not among its 'methods'")


def pack_arrays(results: Results) -> bytes:
    """Return the arrays of results as an archive of numpy's, with an index of what each is; always the same bytes."""
    arrays: dict[str, np.ndarray] = {}
    index: dict[str, list[Words]] = {"embeddings": [], "pictures": [], "surfaces": [], "items": []}

    def put(kind: str, words: Words, **parts: np.ndarray | None) -> None:
        place = len(index[kind])
        kept = {name: part for name, part in parts.items() if part is not None}
        index[kind].append({**words, "arrays": sorted(kept)})
        arrays.update({f"{kind}/{place}/{name}": part for name, part in kept.items()})

    for e in results.embeddings:
        put("embeddings", {"method": e.method, "kind": e.kind}, points=e.points, labels=e.labels, colours=e.colours)
    for p in results.pictures:
        words = {"group": p.group, "row": p.row, "column": p.column, "pixel_size": p.pixel_size, "view": p.view}
        put("pictures", words, pixels=p.pixels)
    for s in results.surfaces:
        put("surfaces", {"method": s.method, "state": s.state, "level": s.level}, vertices=s.vertices, faces=s.faces)
    cards: dict[str, Words] = {}
    for i in results.items:
        cards[i.metric.name] = i.metric.model_dump(mode="json")
        words = {
            "metric": i.metric.name,
            "method": i.method,
            "protocol": i.protocol,
            "convention": i.convention,
            "parameters": i.parameters,
            "over": i.over,
        }
        put("items", words, particles=i.particles, states=i.states, values=i.values, groups=i.groups)
    content = io.BytesIO()
    text = json.dumps({"schema_version": _VERSION, "metrics": cards, **index})
    arrays[_INDEX] = np.frombuffer(text.encode(), dtype=np.uint8)
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def _unpack(document: ResultsDocument, path: Path) -> Results:
    try:
        index = json.loads(read_arrays(path, (_INDEX,))[0].tobytes().decode())
        if index["schema_version"] != _VERSION:
            raise FormatError(f"{path}: of schema version {index['schema_version']!r}, expected {_VERSION}")
        cards = {name: MetricCard.model_validate(card) for name, card in index["metrics"].items()}
        names = [
            f"{kind}/{place}/{name}"
            for kind in _KINDS
            for place, words in enumerate(index[kind])
            for name in words["arrays"]
        ]
        arrays = dict(zip(names, read_arrays(path, names), strict=True))

        def entries(kind: str) -> Iterator[Words]:
            for place, words in enumerate(index[kind]):
                parts = {name: arrays[f"{kind}/{place}/{name}"] for name in words["arrays"]}
                yield {name: word for name, word in words.items() if name != "arrays"} | parts

        return Results(
            document,
            tuple(Embedding(**entry) for entry in entries("embeddings")),
            tuple(Picture(**entry) for entry in entries("pictures")),
            tuple(Surface(**entry) for entry in entries("surfaces")),
            tuple(ItemValues(**entry | {"metric": cards[entry["metric"]]}) for entry in entries("items")),
        )
    except CryobenchError as error:
        raise FormatError(f"{error}: made by another program, or damaged: score again") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FormatError(f"{path}: not the arrays of a results.json ({error}): score again") from error


def _items_text(items: Sequence[ItemValues], names: Mapping[int, str]) -> str:
    """Return a row for each value; those of single particles of a whole dataset are left to the archive."""
    rows = (
        [
            item.method,
            item.metric.name,
            item.protocol,
            item.convention,
            "; ".join(f"{name}={value}" for name, value in item.parameters.items()),
            particle,
            names.get(state, state),
            repr(value),
        ]
        for item in items
        if item.protocol in {PER_CONFORMATION, PER_IMAGE}
        for particle, state, value in zip(
            item.particles.tolist(), item.states.tolist(), item.values.tolist(), strict=True
        )
    )
    return csv_text(("method", "metric", "protocol", "convention", "parameters", "particle", "state", "value"), rows)


def _embeddings_text(embeddings: Sequence[Embedding]) -> str:
    rows = (
        [embedding.method, embedding.kind, particle, f"{x:.6g}", f"{y:.6g}"]
        for embedding in embeddings
        for particle, (x, y) in enumerate(embedding.points.tolist())
    )
    return csv_text(("method", "kind", "particle", "x", "y"), rows)
