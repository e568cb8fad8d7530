"""Reads what a run of the conformance kit by pytest reported: class, case, passed or not."""

from collections.abc import Iterator
from pathlib import Path

import attrs
from lxml import etree


@attrs.frozen
class Tried:
    """One test of a run; `name` is the case's, or the test's own where it is none."""

    where: str
    name: str
    passed: bool


def tried(report: Path) -> Iterator[Tried]:
    """Every test of a JUnit report; raises AssertionError for one that was skipped."""
    for test in etree.parse(report).iter("testcase"):
        name = str(test.get("name")).removeprefix("test_conformance[").removesuffix("]")
        assert test.find("skipped") is None, f"{name} was skipped"
        passed = test.find("failure") is None and test.find("error") is None
        yield Tried(str(test.get("classname")).rpartition(".")[2], name, passed)
