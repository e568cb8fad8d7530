"""The transcription of the worked entries is complete, balanced and equal to its source."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.treatments import WorkedPosting, blocks

BLOCKS = blocks()
STEPS = [(id, n) for id, steps in BLOCKS.items() for n in range(1, len(steps) + 1)]
FENCE = "`" * 3
POSTING = re.compile(
    r"(?P<side>Dr|Cr) (?P<account>\d{4}) (?P<name>.+?) (?P<amount>\d+\.\d\d)( \{(?P<tags>[^{}]*)\})?"
)


@pytest.mark.parametrize(("block", "step"), STEPS, ids=[f"{id}-{n}" for id, n in STEPS])
def test_every_step_sums_to_zero(block: str, step: int) -> None:
    label, postings = BLOCKS[block][step - 1]
    assert label
    assert len(postings) >= 2
    assert sum(posting.amount for posting in postings) == 0


@pytest.mark.shared
def test_the_transcription_equals_the_reference(shared: Path) -> None:
    source = (shared / "reference" / "accounting-treatments.md").read_text(encoding="utf-8")
    assert dict(read_blocks(source)) == BLOCKS
    assert source.count(f"\n{FENCE}je ") == len(BLOCKS)


def test_the_reader_finds_a_changed_cent() -> None:
    source = (
        f"text\n{FENCE}je 9.9\n# one\nDr 1000 Bank 1.00 {{a, b c}} | Cr 4010 Repair & Labor 1.00\n{FENCE}\n"
    )
    (label, postings), *none = dict(read_blocks(source))["9.9"]
    assert (label, none) == ("one", [])
    assert [(p.account, str(p.amount), p.tags) for p in postings] == [
        ("1000", "1.00", ("a", "b c")),
        ("4010", "-1.00", ()),
    ]
    with pytest.raises(ValueError, match="Cr 4010 Repair"):
        dict(read_blocks(source.replace("Labor 1.00", "Labor 1.0")))


def read_blocks(source: str) -> Iterator[tuple[str, list[tuple[str, list[WorkedPosting]]]]]:
    """The entries of the reference by the format it describes in its section 0.7."""
    inside = ""
    steps: list[tuple[str, list[WorkedPosting]]] = []
    for line in source.splitlines():
        if line.startswith(f"{FENCE}je "):
            inside, steps = line.removeprefix(f"{FENCE}je ").strip(), []
        elif inside and line == FENCE:
            yield inside, steps
            inside = ""
        elif inside and line.startswith("# "):
            steps.append((line[2:], []))
        elif inside and line.strip():
            steps[-1][1].extend(read_posting(part) for part in line.split(" | "))


def read_posting(text: str) -> WorkedPosting:
    found = POSTING.fullmatch(text)
    if found is None:
        raise ValueError(f"not a posting: {text}")
    amount = Decimal(found["amount"])
    tags = tuple(tag.strip() for tag in (found["tags"] or "").split(",") if tag.strip())
    return WorkedPosting(
        account=found["account"], amount=amount if found["side"] == "Dr" else -amount, tags=tags
    )
