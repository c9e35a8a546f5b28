"""Settings that a program left beside its output, read as words and numbers; nothing in them is made or run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cryobench.core import FormatError
from cryobench.io import inside, read_pickle_words, read_text
from cryobench.io.foreign_names import acts

_LARGEST = 1 << 16  # bytes: settings are a page of words, and YAML is read slowly


class _WordLoader(yaml.SafeLoader):
    """Plain YAML; of what Python objects a file asks for, sequences are taken as lists and the rest as None."""


def _python(loader: _WordLoader, kind: str, node: yaml.Node) -> Any:
    what, _, named = kind.partition(":")
    module, _, name = (named, "", "") if what == "module" else named.rpartition(".")
    if acts(module, name):
        raise yaml.constructor.ConstructorError(None, None, f"it names {named}, which is no data", node.start_mark)
    if isinstance(node, yaml.SequenceNode) and node.tag.endswith("python/tuple"):
        return loader.construct_sequence(node, deep=True)
    return None


_WordLoader.add_multi_constructor("tag:yaml.org,2002:python/", _python)


def read_yaml_settings(path: Path) -> dict[str, Any]:
    """Read settings in YAML.

    Raises
    ------
    FormatError
        If the file is missing, is no YAML, or holds no table of words.
    """
    wanted = "expected the settings of a run in YAML"
    text = read_text(path)
    if len(text) > _LARGEST:
        raise FormatError(f"{path}: {len(text):,} characters: {wanted}")
    try:
        content = yaml.load(text, Loader=_WordLoader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, TypeError) as error:
        where = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(f"{path}: not YAML ({where}): {wanted}") from error
    if not isinstance(content, dict):
        raise FormatError(f"{path}: no table of words: {wanted}")
    return content


def read_pickled_settings(path: Path) -> dict[str, Any]:
    """Read settings in a pickle; where a second one follows it with the version of the program, that is put in.

    Raises
    ------
    FormatError
        If the file is missing, is no pickle, or holds no table of words.
    """
    first, *rest = read_pickle_words(path)
    if not isinstance(first, dict):
        raise FormatError(f"{path}: no table of words: expected the settings of a run")
    version = rest[0].get("version") if rest and isinstance(rest[0], dict) else None
    return {"version": version} | first if isinstance(version, str) else first


def settings_in(folder: Path, name: str) -> dict[str, Any] | None:
    """Return the settings in a file of a folder, by which it is recognised; None where there is none.

    Raises
    ------
    FormatError
        If the file leads out of the folder, or cannot be read.
    """
    try:
        path = inside(folder, name, str(folder))
        if not path.is_file():
            return None
        return read_pickled_settings(path) if path.suffix == ".pkl" else read_yaml_settings(path)
    except FormatError as error:
        raise FormatError(f"{error}; mend it, or say whose output this is with --system NAME") from error


def words_of(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a table within settings, empty where there is none."""
    found: Any = settings
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def version_of(settings: dict[str, Any]) -> str:
    """Return the version of the program that wrote the settings."""
    version = settings.get("version")
    return version[:40] if isinstance(version, str) and version.isprintable() else "unknown"
