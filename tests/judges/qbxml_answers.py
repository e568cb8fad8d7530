"""The qbXML 13.0 schema as a judge over requests and answers; it lies in the shared reference, not in the product."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree


@cache
def schema(shared: Path) -> etree.XMLSchema:
    """The schema of the operations, with everything it includes."""
    return etree.XMLSchema(etree.parse(shared / "reference" / "qbd-schema" / "qbxmlops130.xsd"))


def complaints(shared: Path, document: etree._Element) -> list[str]:
    """What the schema finds wrong with a whole qbXML document; empty = nothing."""
    judge = schema(shared)
    judge.validate(document)
    return str(judge.error_log).splitlines()


def must_fit(shared: Path, answer: str) -> None:
    """Raise AssertionError unless an answer fits the schema."""
    wrong = complaints(shared, etree.fromstring(answer.encode()))
    assert not wrong, "\n".join([*wrong, answer])
