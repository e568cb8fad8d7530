"""Writes docs/reference/conformance.md from the cases of the conformance kit.

python docs/generate_conformance.py            write the page
python docs/generate_conformance.py --check    exit 1 when the page is not as the cases want it
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from from_tables import carry_out

from blueops_qb.sdk.testing.kit import CASES, Case

PAGE = Path(__file__).resolve().parent / "reference" / "conformance.md"

HEAD = """# Conformance cases

<!-- Written by docs/generate_conformance.py from blueops_qb/sdk/testing/kit.py; do not edit by hand. -->

What the conformance kit tries a provider by; how to run it: [Write a provider](../how-to/write-a-provider.md). A case
is run where the provider declares, in `describe()`, what the column "declared" names; `basic` is always run. Cases
without books need nothing but the provider. Each is known to fail for a provider that is broken in its place, and for
that one only; those are in `tests/broken/`.

| case | declared | books | proves | source |
|---|---|---|---|---|"""


def page() -> str:
    """The whole page as Markdown: a table of all cases, then a heading for each."""
    rows = [_row(case) for case in CASES]
    return "\n".join([HEAD, *rows, "", *(line for case in CASES for line in _part(case))])


def _row(case: Case) -> str:
    books = "yes" if case.needs_books else "no"
    return f"| `{case.name}` | {case.need.words} | {books} | {case.proves} | {case.source} |"


def _part(case: Case) -> Iterator[str]:
    yield from (f"## {case.name}", "", case.proves, "")
    needs = "Always run" if case.need.words == "basic" else f"Run where declared: {case.need.words}"
    yield from (
        f"{needs}{', on books' if case.needs_books else ', without books'}. Source: {case.source}.",
        "",
    )


if __name__ == "__main__":
    sys.exit(carry_out({PAGE: page}, sys.argv[1:]))
