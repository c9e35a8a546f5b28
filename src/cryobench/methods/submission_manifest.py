"""``submission.json``: what a submission is of, who made it, and what it cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import Field, field_validator

from cryobench.core import FormatError, InputError, MethodCard, Strict
from cryobench.core.names import require_method_name
from cryobench.io import below, inside, read_text
from cryobench.methods.base import METHODS, Control

SUBMISSION = "submission.json"
SCHEMA_VERSION = 1

_LARGEST = 1 << 20
"""Bytes of ``submission.json`` at most."""


class SubmissionManifest(Strict):
    """Content of ``submission.json``."""

    schema_version: Literal[1] = Field(default=1, description="Version of this format.")
    method: MethodCard = Field(
        description="name (text of one line), version (of the program that was run), role "
        "(method; ceiling and floor are for the built-in controls alone), summary (one sentence)."
    )
    dataset: str = Field(description="id of the dataset, as its dataset.json has it.")
    dataset_checksum: str = Field(
        pattern="^[0-9a-f]{64}$", description="SHA-256 of the dataset's dataset.json, 64 hexadecimal digits, lowercase."
    )
    kind: Literal["fixed-pose", "ab-initio"] = Field(
        description="fixed-pose: the method was given the poses; ab-initio: it found them."
    )
    particles: int = Field(ge=1, description="Number N of particles of the dataset.")
    seconds: float | None = Field(default=None, ge=0, description="Wall time of the method in seconds.")
    device: str = Field(default="", description="What it ran on, such as cpu or the name of a GPU; empty: not told.")
    command: tuple[str, ...] = Field(default=(), description="The command that was run, word by word.")
    peak_memory_mb: float | None = Field(
        default=None, ge=0, description="Largest resident memory of the method, in MB (10^6 bytes)."
    )

    @field_validator("method")
    @classmethod
    def _name_is_a_name(cls, method: MethodCard) -> MethodCard:
        """Names stand in tables, pages and commands."""
        try:
            require_method_name(method.name)
        except InputError as error:
            raise ValueError(str(error)) from error
        return method

    @field_validator("method")
    @classmethod
    def _only_controls_are_controls(cls, method: MethodCard) -> MethodCard:
        """Scores of controls bracket those of methods, and are left out of rankings."""
        controls = {name: METHODS[name].card.role for name in METHODS if isinstance(METHODS[name], Control)}
        if method.role != "method" and controls.get(method.name) != method.role:
            known = ", ".join(f"{name} is a {role}" for name, role in sorted(controls.items()))
            raise ValueError(
                f"role is '{method.role}' and name '{method.name}', but only built-in controls have that role "
                f"({known}): expected 'method'"
            )
        return method


def submission_schema() -> dict[str, Any]:
    """Return the JSON schema of ``submission.json``."""
    schema = SubmissionManifest.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "cryobench submission"} | {
        name: value for name, value in schema.items() if name not in {"title", "description"}
    }


def read_submission_manifest(folder: Path) -> SubmissionManifest:
    """Read ``submission.json``.

    Raises
    ------
    FormatError
        If the folder or the file is missing, or a field is not what it should be.
    """
    manifest, faults = inspect_manifest(folder)
    if manifest is None:
        raise FormatError(faults[0])
    return manifest


def inspect_manifest(folder: Path) -> tuple[SubmissionManifest | None, tuple[str, ...]]:
    """Return what ``submission.json`` says, or None and everything that is wrong with it."""
    path = folder / SUBMISSION
    try:
        return SubmissionManifest.model_validate(_content(folder, path)), ()
    except FormatError as error:
        return None, (str(error),)
    except pydantic.ValidationError as error:
        return None, tuple(_fault(path, each["loc"], each["msg"], each["type"]) for each in error.errors())


def _content(folder: Path, path: Path) -> dict[str, Any]:
    if folder.is_file():
        raise FormatError(f"{folder}: a file: expected the folder of a submission; unpack one with submission unpack")
    if not path.is_file():
        raise FormatError(
            f"{folder}: no {SUBMISSION} there: expected the folder of a submission"
            f"{below(folder, SUBMISSION) or '; make one with submission init'}"
        )
    inside(folder, SUBMISSION, str(folder))
    if path.stat().st_size > _LARGEST:
        raise FormatError(f"{path}: larger than {_LARGEST:,} bytes: expected the description of a submission")
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not JSON ({error}): expected the description of a submission") from error
    if not isinstance(content, dict):
        raise FormatError(
            f"{path}: holds a {type(content).__name__}: expected an object with the fields of a submission"
        )
    version = content.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise FormatError(
            f"{path}: field 'schema_version' is {version!r}, expected {SCHEMA_VERSION}: written for another "
            "version of cryobench"
        )
    return content


def _fault(path: Path, place: tuple[int | str, ...], message: str, kind: str) -> str:
    field = ".".join(map(str, place))
    advice = {"extra_forbidden": "delete it, or correct its name", "missing": "add it"}.get(kind, "correct it there")
    return f"{path}: field '{field}': {message.removeprefix('Value error, ')}: {advice}"
