"""The dataset card: what travels with results, and the README of a dataset folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryobench.core import DatasetCard
from cryobench.datasets.cards.citation import CITATION, LICENCE_NAMES, archive_page, entries, licences
from cryobench.datasets.cards.command import build_command
from cryobench.datasets.cards.contents import MANIFEST_WORDS, contents
from cryobench.datasets.cards.facts import facts
from cryobench.datasets.cards.markdown import code, code_block, code_cell, table, text
from cryobench.datasets.manifest import MANIFEST, read_manifest
from cryobench.datasets.spec import AnySpec, DatasetSpec, ImportedSpec, Manifest

_TABLES = "--poses poses.pkl --ctf ctf.pkl --zdim 8 -n 20 -o cryodrgn"
_MOST_ENTRIES = 8


def card_of(manifest: Manifest, checksum: str) -> DatasetCard:
    """Return the card that travels with results."""
    return DatasetCard(
        id=manifest.id,
        title=manifest.title,
        summary=manifest.summary,
        stand_in=manifest.stand_in,
        facts=facts(manifest),
        checksum=checksum,
    )


def dataset_card(folder: Path) -> str:
    """Return the card of a dataset folder as Markdown, as its ``README.md`` holds it.

    Raises
    ------
    FormatError
        If the folder holds no finished dataset.
    """
    manifest = read_manifest(folder)
    return card_text(manifest, manifest.files)


def card_text(manifest: Manifest, names: Iterable[str]) -> str:
    """Return the card as Markdown, in which what users and files have named is plain text, whatever it holds.

    Parameters
    ----------
    manifest
        What the dataset is; its ``files`` are not looked at.
    names
        Paths of all files of the folder but the manifest.
    """
    there = set(names)
    lines = [f"# {text(manifest.title)} ({code(manifest.id)})", "", text(manifest.summary), ""]
    if manifest.stand_in:
        lines += [
            f"> **Stand-in data:** {text(manifest.stand_in)}. Scores on it are not scores on the published dataset.",
            "",
        ]
    lines += _notes(manifest)
    lines += ["## In short", "", *_facts(manifest), ""]
    lines += ["## Making it again", "", *_making(manifest), ""]
    lines += ["## Files", "", *_files(there), ""]
    lines += ["## Reading it", "", *_reading(manifest.spec, there), ""]
    lines += ["## Citation and licence", "", *_credits(manifest.spec)]
    return "\n".join(lines) + "\n"


def _facts(manifest: Manifest) -> list[str]:
    elsewhere = {"Seed", "Scale", "Made by", "Repairs"}
    return [f"- {label}: {text(words)}" for label, words in facts(manifest).items() if label not in elsewhere]


def _notes(manifest: Manifest) -> list[str]:
    """Return what is inferred, stands in or was put right."""
    notes = [f"{note[0].upper()}{note[1:]}." for note in manifest.notes if note]
    if isinstance(manifest.spec, ImportedSpec):
        notes += [f"Put right on import, the archive left as it is: {repair}." for repair in manifest.spec.repairs]
    return ["## Notes", "", *(f"- {text(note)}" for note in notes), ""] if notes else []


def _making(manifest: Manifest) -> list[str]:
    spec = manifest.spec
    if isinstance(spec, ImportedSpec):
        page = archive_page(spec)
        archive = f"[the published archive]({page})" if page else "a published archive"
        return [
            f"{text(manifest.software)} (`cryobench datasets import`) made it from {archive}, unpacked. The images "
            "stay there: nothing is copied or changed. `links.json` says where that is."
        ]
    lines = [
        f"Made by {text(manifest.software)}, scale {text(spec.scale)}, seed {spec.seed}. The same settings and version "
        "give the same bytes."
    ]
    command = build_command(spec)
    if command:
        return [*lines, "", *code_block([command])]
    return [*lines, f"They are `spec` in `{MANIFEST}`: options of `cryobench datasets build` alone do not give them."]


def _files(names: set[str]) -> list[str]:
    rows = [(code_cell(content.name), content.counted) for content in contents(names)]
    return table(("file", "content"), [(code(MANIFEST), MANIFEST_WORDS), *rows])


def _reading(spec: AnySpec, names: set[str]) -> list[str]:
    """Return how other programs read the particles, as far as the files for them are there."""
    lines: list[str] = []
    imported = isinstance(spec, ImportedSpec)
    star = "particles.star" in names
    if imported and star:
        command = f"cryodrgn train_vae particles.star --datadir ARCHIVE {_TABLES}"
        lines += [
            "In this folder, with the folder of the published archive for ARCHIVE:",
            "",
            *code_block([command]),
            "",
        ]
        lines.append("- RELION: run it in the folder of the archive, from which the paths of the stacks count.")
    elif not imported:
        commands = [f"cryodrgn train_vae particles.txt {_TABLES}"]
        commands += ["relion_reconstruct --i particles.star --o consensus.mrc --ctf"] * star
        lines += ["In this folder:", "", *code_block(commands), ""]
    if star:
        data = "that of the archive" if imported else "this one"
        lines.append(
            "- cryoSPARC: in Import Particle Stack, `particles.star` is the particle meta path, and the folder of the "
            f"data path is {data}."
        )
    shade, needs = ("bright", "needs no") if spec.sign < 0 else ("dark", "needs")
    lines.append(f"- The particle is {shade}: cryoDRGN {needs} `--uninvert-data`.")
    lines.append('- Python: `cryobench.datasets.load_dataset(Path("."))` gives particles and truth.')
    if isinstance(spec, DatasetSpec) and spec.truth == "rendered":
        lines.append("- True volumes are not in files: Python renders them when they are asked for.")
    return lines


def _credits(spec: AnySpec) -> list[str]:
    whose = "Published in" if isinstance(spec, ImportedSpec) else "The protocol is that of CryoBench:"
    lines = [f"- {whose} {CITATION}."]
    used = entries(spec)
    if len(used) > _MOST_ENTRIES:
        lines.append(f"- Made from {len(used)} entries of the Protein Data Bank, which `truth/states.csv` names.")
    elif used:
        links = ", ".join(f"[{entry}](https://www.rcsb.org/structure/{entry})" for entry in used)
        lines.append(f"- Made from the Protein Data Bank: {links}.")
    named = ", ".join(f"[{LICENCE_NAMES[licence]}]({licence})" for licence in licences(spec))
    lines.append(
        f"- Licence of what it was made from: {named}."
        if named
        else "- The licence of what it was made from is not known."
    )
    return lines
