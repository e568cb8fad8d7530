"""What the pages of the reference hold, for the tests that ask them for their headings and rows."""

from __future__ import annotations

import enum
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
MARK = "<!-- runnable -->"
#: A mark, if there is one, then a fenced block: (mark, language, text).
BLOCK = re.compile(r"^( *)(<!-- runnable -->\n\1)?```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def headings(page: str) -> list[str]:
    """The headings of a page of the reference, without their code marks."""
    text = _without_fences((REFERENCE / page).read_text(encoding="utf-8"))
    return [h.replace("`", "") for h in re.findall(r"^#+ (.+?) *$", text, re.MULTILINE)]


def section(page: str, heading: str) -> str:
    """What stands below a heading, up to the next one of the same rank or higher."""
    kept: list[str] = []
    rank = 0
    for line in (REFERENCE / page).read_text(encoding="utf-8").splitlines():
        marks, _, title = line.partition(" ")
        is_heading = bool(marks) and set(marks) == {"#"}
        if rank and is_heading and len(marks) <= rank:
            break
        if rank:
            kept.append(line)
        elif is_heading and title.strip().replace("`", "") == heading:
            rank = len(marks)
    assert rank, f"docs/reference/{page} has no heading “{heading}”"
    return "\n".join(kept)


def first_cells(text: str) -> list[str]:
    """The first cell of every table row, without code marks."""
    rows = re.findall(r"^\| *(.*?) *\|", text, re.MULTILINE)
    return [name for row in rows for name in row.replace("`", "").split(", ")]


def _without_fences(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def want_headings(page: str, wanted: Iterable[str]) -> None:
    there = headings(page)
    missing = [name for name in wanted if name not in there]
    assert not missing, f"docs/reference/{page} lacks a heading for: {', '.join(missing)}"


def want_rows(page: str, heading: str, wanted: Iterable[str]) -> None:
    there = first_cells(section(page, heading))
    missing = [name for name in wanted if name not in there]
    assert not missing, f"docs/reference/{page}, “{heading}”, lacks a table row for: {', '.join(missing)}"


def want_only_rows(page: str, heading: str, wanted: Iterable[str]) -> None:
    """Every one has its row, and no row is left over from something that is gone."""
    names = list(wanted)
    want_rows(page, heading, names)
    heads = {
        "field",
        "state",
        "hold",
        "switch",
        "verb",
        "lane",
        "feature",
        "removal",
        "why",
        "outcome",
        "cause",
    }
    extra = set(first_cells(section(page, heading))) - set(names) - heads - {"---"}
    assert not extra, (
        f"docs/reference/{page}, “{heading}”, tells of what is not there: {', '.join(sorted(extra))}"
    )


def fields(type_: type[attrs.AttrsInstance]) -> list[str]:
    return [field.name for field in attrs.fields(type_) if not field.name.startswith("_")]


def values(enumeration: type[enum.StrEnum]) -> list[str]:
    return [member.value for member in enumeration]


def methods(type_: type[object]) -> Iterator[str]:
    """`name(arguments)` of the public methods that a class itself has, `name` of its properties."""
    for name, member in vars(type_).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield name
        elif inspect.isfunction(member):
            arguments = [a for a in inspect.signature(member).parameters if a != "self"]
            yield f"{name}({', '.join(arguments)})"


def blocks(paper: Path) -> Iterator[tuple[bool, str, str]]:
    """(marked as runnable, language, text) of every fenced block."""
    for found in BLOCK.finditer(paper.read_text(encoding="utf-8")):
        yield bool(found[2]), found[3], textwrap.dedent(found[4])
