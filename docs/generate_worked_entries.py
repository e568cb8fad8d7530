"""Write the table of worked entries on the page of treatments, from the fixture that the tests play."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

from from_tables import carry_out

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/reference/treatments.md"
FIXTURE = ROOT / "tests/fixtures/treatments.toml"
TEMPLATES = ROOT / "blueops_qb/engine/templates"
HEAD = "## Worked entries\n"
#: Blocks that are played by events through the whole path; what they are about.
PLAYED = {
    "1.1": "invoice with a discounted line and tax",
    "1.2": "item that the books keep in stock",
    "1.3": "discount on the whole invoice",
    "1.4c": "a cent of tax",
    "1.5": "exempt customer",
    "2.1": "payments",
    "2.2": "deposits before the work",
    "2.3": "credits and refunds",
    "2.4": "a payment that came back",
    "2.5": "processor's fee and payout",
    "2.6": "early payment, write-off",
    "3.1": "a bill over three jobs",
    "3.2": "card, return, own money, markup",
    "3.3": "subcontractor, use tax, labor",
    "4": "plumbing",
    "5.1": "equipment and labor apart",
    "6.1": "residential and commercial",
    "6.2": "permits",
    "7.1": "progress applications",
    "7.2": "subcontracts with retainage",
    "9": "a void in a closed period",
    "11": "who pays sales tax on material",
    "12": "another currency",
}


def page() -> str:
    """The page with the table as the fixture has it."""
    text = PAGE.read_text(encoding="utf-8")
    before, found, _ = text.partition(HEAD)
    return before + HEAD + "\n" + _table() if found else text.rstrip("\n") + "\n\n" + HEAD + "\n" + _table()


def _table() -> str:
    names = _names()
    blocks: list[dict[str, Any]] = tomllib.loads(FIXTURE.read_text(encoding="utf-8"))["block"]
    rows = [
        "The entries of the treatments, each made by events in core through the whole path into the ledger of",
        "QuickBooks' twin, and compared there account by account to the cent. Written by",
        "`docs/generate_worked_entries.py` from the fixture of those tests.",
        "",
        "| entry | about | debit | credit |",
        "|---|---|---|---|",
    ]
    for block in blocks:
        if block["id"] not in PLAYED:
            continue
        for number, step in enumerate(block["step"], start=1):
            sides = {side: _side(step["postings"], side, names) for side in ("Dr", "Cr")}
            about = PLAYED[block["id"]] if number == 1 else ""
            rows.append(f"| {block['id']} step {number} | {about} | {sides['Dr']} | {sides['Cr']} |")
    return "\n".join(rows) + "\n"


def _side(postings: list[dict[str, Any]], side: str, names: dict[str, str]) -> str:
    found = [
        f"{p['account']} {names.get(p['account'], '')} {p['amount']}" for p in postings if p["side"] == side
    ]
    return "; ".join(" ".join(text.split()) for text in found)


def _names() -> dict[str, str]:
    """The accounts of the templates by number."""
    found: dict[str, str] = {}
    for path in sorted(TEMPLATES.glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("account", ()):
            found.setdefault(row["number"], row["name"])
    return found


if __name__ == "__main__":
    sys.exit(carry_out({PAGE: page}, sys.argv[1:]))
