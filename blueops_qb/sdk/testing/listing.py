"""Listing: a pytest plugin that says, at the end of a run, which cases were not run as they were not declared.

`ProviderConformance` brings it along. Under pytest-xdist name it in the top conftest.py as well, as the process that
prints does not collect: `pytest_plugins = ["blueops_qb.sdk.testing.listing"]`.
"""

from __future__ import annotations

import pytest

#: Under this name a test says what is not run: (its class, cases that run, cases that do not, as text).
PROPERTY = "conformance"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A section of its own, with a line per provider and one per case that is not run."""
    told = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if told:
        terminalreporter.section("conformance")
    for lines in told:
        for line in lines:
            terminalreporter.write_line(line)
