"""Members of lists: added, changed, removed, with the rules for names, parents and use."""

from __future__ import annotations

from blueops_qb.sandbox.qbd import items
from blueops_qb.sandbox.qbd.changing import (
    fetched,
    merged,
    must_be_current,
    must_be_free,
    without_empty,
)
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, invalid, missing, not_found
from blueops_qb.sandbox.qbd.kinds import ITEMS, LIST_KINDS
from blueops_qb.sandbox.qbd.notation import Part
from blueops_qb.sandbox.qbd.reading import MACRO
from blueops_qb.sandbox.qbd.refs import held, resolve
from blueops_qb.sandbox.qbd.values import Obj, money, ref_id

#: what QuickBooks never gives back, or what the twin does not keep
_NOT_KEPT = ("CreditCardInfo", "BarCode", "OpenBalance", "OpenBalanceDate", "TaxLineID", MACRO)


def add(company: Company, kind: str, *, block: Part, sent: Obj) -> str:
    """Put a member into a list and answer its ListID."""
    resolve(company, block.nodes, sent)
    _no_opening_balance(sent)
    record = {"IsActive": "true", **_kept(without_empty(sent))}
    if kind == "Employee":
        record["Name"] = _person(record)
    if kind in ITEMS:
        record = items.checked_new(company, kind, record)
    if record.get("AccountType") == "NonPosting":
        raise invalid("AccountType", "NonPosting", "QuickBooks makes such accounts itself.")
    _noted(company, record, sent.get("AdditionalNotes", []))
    _check_name(company, kind, record, identity="")
    identity = company.new_list_id()
    record = {"ListID": identity, **record}
    company.stamp(record)
    company.put(kind, identity, record)
    company.note_name(identity)
    if kind == "ItemInventory":
        items.open_stock(company, identity)
    return identity


def change(company: Company, kind: str, *, block: Part, sent: Obj) -> str:
    """Change a member of a list and answer its ListID; raises Refusal 3120, 3175, 3200, 3100 and others."""
    identity = str(sent.pop("ListID"))
    before = fetched(company, kind, identity)
    must_be_free(company, identity)
    must_be_current(before, sent)
    del sent["EditSequence"]
    resolve(company, block.nodes, sent, known=held(before))
    _no_opening_balance(sent)
    for note in sent.pop("AdditionalNotesMod", []):
        for kept in before.get("AdditionalNotesRet", []):
            if kept["NoteID"] == note["NoteID"]:
                kept["Note"] = note["Note"]
    record = merged(before, _kept(sent))
    if kind in ITEMS:
        record = items.checked_change(company, kind, before=before, record=record)
    if kind == "Employee":
        record["Name"] = _person(record)
    _check_name(company, kind, record, identity=identity)
    company.stamp(record)
    save(company, kind, record)
    return identity


def save(company: Company, kind: str, record: Obj) -> None:
    """Write a changed member, with the names below it."""
    company.put(kind, record["ListID"], record)
    company.rename(kind)


def remove(company: Company, kind: str, identity: str) -> Obj:
    """Delete a member nobody uses and answer the note of it; raises Refusal 3120, 3160, 3175."""
    record = company.get(kind, identity) if kind in LIST_KINDS else None
    if record is None:
        raise not_found(kind, identity)
    must_be_free(company, identity)
    user = used_by(company, identity)
    if user or record.get("SpecialAccountType"):
        raise Refusal(
            3160,
            f'Cannot delete the object "{company.full_name(identity)}": it is in use'
            + (f" by {user}." if user else "."),
        )
    note = {
        "ListDelType": kind,
        "ListID": identity,
        "TimeCreated": record["TimeCreated"],
        "TimeDeleted": company.clock.local().isoformat(),
        "FullName": company.full_name(identity),
    }
    company.drop(kind, identity)
    company.rename(kind)
    company.note_deletion(kind, identity, note)
    for key, kept in list(company.records["DataExt"].items()):
        if kept["_Object"] == identity:
            company.drop("DataExt", key)
    return note


def used_by(company: Company, identity: str) -> str:
    """In words, the first record or preference that points to a list member; empty where none does."""
    for kind, records in company.records.items():
        for other, record in records.items():
            if other != identity and identity in held(record):
                return f"{kind} {other}"
    return "the preferences" if identity in held(company.meta("preferences")) else ""


def _kept(sent: Obj) -> Obj:
    return {
        name: value
        for name, value in sent.items()
        if name not in _NOT_KEPT and name != "AdditionalNotes" and not name.startswith(("Apply", "Force"))
    }


def _no_opening_balance(sent: Obj) -> None:
    # It would make a transaction of its own; the reference says never to send it.
    if money(sent.get("OpenBalance")):
        raise Refusal(1030, "This request is not supported: OpenBalance; enter a transaction instead.")


def _noted(company: Company, record: Obj, notes: list[Obj]) -> None:
    if notes:
        today = company.clock.today().isoformat()
        record["AdditionalNotesRet"] = [
            {"NoteID": str(number), "Date": today, "Note": note["Note"]}
            for number, note in enumerate(notes, 1)
        ]


def _person(record: Obj) -> str:
    name = " ".join(record[part] for part in ("FirstName", "MiddleName", "LastName") if record.get(part))
    if not name:
        raise missing("FirstName")
    return name[:41]


def _check_name(company: Company, kind: str, record: Obj, *, identity: str) -> None:
    list_kind = LIST_KINDS[kind]
    name = str(record.get(list_kind.named_by, "")).strip()
    if not name:
        raise missing(list_kind.named_by)
    record[list_kind.named_by] = name
    if ":" in name:
        raise invalid(list_kind.named_by, name, "a name may not contain a colon.")
    parent = ref_id(record, "ParentRef")
    full = name
    if parent:
        if identity and parent in company.under(identity):
            raise Refusal(
                3130, f'There is an invalid reference to a parent: "{name}" cannot stand below itself.'
            )
        if company.level(parent) + 2 > list_kind.depth:
            raise Refusal(
                3130, f"There is an invalid reference to a parent: more than {list_kind.depth} levels."
            )
        full = f"{company.full_name(parent)}:{name}"
    holder = company.names.get((list_kind.space, full.casefold()), "")
    if holder and holder != identity:
        raise Refusal(3100, f'The name "{full}" of the list element is already in use.')
