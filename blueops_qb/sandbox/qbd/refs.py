"""References of a request made into ids: found by ListID or FullName, active, of a feature that is switched on."""

from __future__ import annotations

from collections.abc import Collection

from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, bad_reference, not_enabled
from blueops_qb.sandbox.qbd.kinds import TARGETS
from blueops_qb.sandbox.qbd.notation import Lines, Node, Part, Ref, named
from blueops_qb.sandbox.qbd.reading import LINES, TAG
from blueops_qb.sandbox.qbd.values import Obj, is_true

_SALES_TAX = frozenset({"TaxItem", "SalesTaxCode"})


def resolve(company: Company, nodes: tuple[Node, ...], record: Obj, *, known: Collection[str] = ()) -> None:
    """Turn every reference of a record into ``{"ListID": id}``, an empty one into None.

    ``known``: ids that the changed record held before; they may be inactive by now. Raises Refusal 3140 or 3250.
    """
    for node in named(nodes):
        if isinstance(node, Ref):
            _one(company, node, record, known)
        elif isinstance(node, Part) and node.name in record:
            parts = record[node.name] if node.repeated else [record[node.name]]
            for part in parts:
                resolve(company, node.nodes, part, known=known)
    for lines in (node for node in nodes if isinstance(node, Lines)):
        by_name = {part.name: part for part in lines.parts}
        for line in record.get(LINES, []):
            resolve(company, by_name[line[TAG]].nodes, line, known=known)


def held(record: object) -> set[str]:
    """Every id that the references of a record hold."""
    if isinstance(record, dict):
        own = {str(record["ListID"])} if record.keys() == {"ListID"} else set()
        return own.union(*(held(value) for value in record.values()))
    if isinstance(record, list):
        return set().union(*(held(value) for value in record))
    return set()


def _one(company: Company, ref: Ref, record: Obj, known: Collection[str]) -> None:
    if ref.name not in record:
        return
    value = record[ref.name]
    if ref.repeated:
        record[ref.name] = [
            {"ListID": find(company, ref.target, one, name=ref.name, known=known)} for one in value
        ]
        return
    if not value.get("ListID") and not value.get("FullName"):
        record[ref.name] = None
        return
    _enabled(company, ref)
    try:
        record[ref.name] = {"ListID": find(company, ref.target, value, name=ref.name, known=known)}
    except Refusal as refusal:
        if ref.name == "ParentRef":
            raise Refusal(3130, f"There is an invalid reference to a parent: {refusal.message}") from None
        raise


def _enabled(company: Company, ref: Ref) -> None:
    if ref.target == "Class" and not company.preference("AccountingPreferences", "IsUsingClassTracking"):
        raise not_enabled(ref.name, "IsUsingClassTracking")
    if ref.target in _SALES_TAX and "SalesTaxPreferences" not in company.meta("preferences"):
        raise not_enabled(ref.name, "SalesTaxPreferences")
    if ref.target == "Currency":
        raise not_enabled(ref.name, "IsMultiCurrencyOn")


def find(company: Company, target: str, value: Obj, *, name: str, known: Collection[str] = ()) -> str:
    """The id of an active member that a reference means; with both, the ListID wins (3140 where there is none)."""
    said = value.get("ListID") or value.get("FullName") or ""
    if value.get("ListID"):
        identity = said if company.kind_of.get(said) in TARGETS[target] else ""
    else:
        identity = company.named(target, said)
    if not identity:
        raise bad_reference(name, said)
    record = company.records[company.kind_of[identity]][identity]
    if identity not in known and not is_true(record, "IsActive", default=True):
        raise bad_reference(name, said, "is inactive")
    return identity
