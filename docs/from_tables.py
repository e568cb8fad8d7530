"""What the scripts share that write pages of the reference from the product's own tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs


def carry_out(pages: Mapping[Path, Callable[[], str]], arguments: list[str]) -> int:
    """Write the pages, or with `--check` look whether they are as their tables want them; the exit code."""
    for page, make in pages.items():
        wanted = make()
        if arguments != ["--check"]:
            page.write_text(wanted, encoding="utf-8")
        elif not page.is_file() or page.read_text(encoding="utf-8") != wanted:
            return 1
    return 0


# --- dictionaries of what the books answer; a rule has code, pattern, result, why, wait, message, remedy ---


def about(rule: Any) -> Any:
    """By what a rule belongs to a part of the page: why something is refused, else what it comes to."""
    return rule.why if rule.why is not None else rule.result


def part(title: str, second: str, rows: Iterable[str]) -> str:
    """A part of the page; `second` heads the column of what tells rules of one code apart."""
    head = [f"| code | {second} | outcome | the page says | what to do |", "|---|---|---|---|---|"]
    return "\n".join([f"## {title}", "", *head, *rows, ""])


def by_meaning(rules: Iterable[Any], code: Callable[[Any], str], **same: Any) -> Iterator[tuple[Any, str]]:
    """(rule, its codes): codes that say the same, whatever `same` names, share a row."""
    meanings: dict[Any, list[str]] = {}
    for rule in rules:
        meanings.setdefault(attrs.evolve(rule, code="", short="", **same), []).append(code(rule))
    for rule, codes in meanings.items():
        yield rule, ", ".join(codes)


def outcome(rule: Any, words: Mapping[Any, str]) -> str:
    """What a rule comes to, with why and for how long."""
    said = words[rule.result]
    if rule.why is not None:
        said += f": `{rule.why.value}`"
    if rule.wait is not None:
        said += f" for {rule.wait:.0f} s" + (", the whole connection" if rule.connection else "")
    return said


def pattern(rule: Any) -> str:
    """The text by which a rule is told, as a cell; empty where the code is enough."""
    return f"`{rule.pattern}`".replace("|", r"\|") if rule.pattern else ""
