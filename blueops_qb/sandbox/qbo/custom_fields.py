"""The custom fields of sales forms: which are defined, by Preferences (reference sections 4.3 and 11.2)."""

from __future__ import annotations

from collections.abc import Iterator

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.wire import Obj

_USED, _NAMED = "SalesFormsPrefs.UseSalesCustom", "SalesFormsPrefs.SalesCustomName"


def defined_fields(company: Company) -> dict[str, str]:
    """DefinitionId ``"1"`` to ``"3"`` -> shown name, of the fields that are switched on."""
    facts = {entry["Name"]: entry for entry in _entries(company.preference("SalesFormsPrefs.CustomField"))}
    return {
        number: str(facts.get(_NAMED + number, {}).get("StringValue", ""))
        for number in ("1", "2", "3")
        if facts.get(_USED + number, {}).get("BooleanValue") is True
    }


def complete_custom_fields(draft: Draft) -> None:
    """Name the custom fields of a form; raises Fault 3000 for one that the company has not defined."""
    rows = draft.new.get("CustomField")
    if rows is None:
        return
    defined = defined_fields(draft.company)
    kept: dict[str, Obj] = {}
    for row in rows:
        number = str(row.get("DefinitionId", ""))
        if number not in defined:
            raise Fault(
                "3000",
                f"Invalid Custom Field : DefinitionId {number!r} is not defined in this company; "
                f"defined are {', '.join(sorted(defined)) or 'none'}.",
                "CustomField",
            )
        if row.get("StringValue"):
            kept[number] = {
                "DefinitionId": number,
                "Name": defined[number],
                "Type": "StringType",
                "StringValue": row["StringValue"],
            }
    if kept:
        draft.new["CustomField"] = list(kept.values())
    else:
        del draft.new["CustomField"]


def _entries(value: object) -> Iterator[Obj]:
    # The preferences nest the entries: a list of groups that each hold a list of the same name.
    if not isinstance(value, list):
        return
    for row in value:
        if not isinstance(row, dict):
            continue
        if "Name" in row:
            yield row
        yield from _entries(row.get("CustomField"))
