"""How a stored record is shown: names filled into references, derived balances, hidden members left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.downloads import file_addresses
from blueops_qb.sandbox.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo.fields import Shape, Table
from blueops_qb.sandbox.qbo.wire import Obj, money

_BALANCE_SHEET = ("Asset", "Liability", "Equity")
_CREDIT_SIDE = ("Liability", "Equity", "Revenue")


def shown(company: Company, kind: str, record: Obj) -> Obj:
    """The record as an answer carries it."""
    out = _members(company, record, ENTITIES[kind].fields)
    if kind == "Customer":
        out["BalanceWithJobs"] = _with_jobs(company, record)
    elif kind == "Account":
        own = _account_balance(company, record)
        out["CurrentBalance"] = own
        out["CurrentBalanceWithSubAccounts"] = own + sum(
            (_account_balance(company, sub) for sub in _descendants(company, "Account", record)), ZERO
        )
    elif kind == "Vendor" and record.get("TaxIdentifier"):
        out["TaxIdentifier"] = "X" * 5 + str(record["TaxIdentifier"])[-4:]
    elif kind == "Attachable":
        out.update(file_addresses(company, record))
    return out


@attrs.frozen(kw_only=True)
class InvoiceLinks:
    """The payment link of an invoice: only when asked for, with online payment on and an e-mail address."""

    asked: bool
    base_url: str

    def add_to(self, company: Company, kind: str, answer: Obj) -> None:
        """Put InvoiceLink into an answered invoice that may have one (reference section 4.9)."""
        if not self.asked or kind != "Invoice":
            return
        online = company.preference("SalesFormsPrefs.ETransactionPaymentEnabled")
        if online and answer.get("BillEmail", {}).get("Address"):
            answer["InvoiceLink"] = f"{self.base_url}/pay/{company.realm}/{answer['Id']}"


def stub(company: Company, kind: str, identity: str, when: str) -> Obj:
    """What change data capture shows of a deleted record."""
    del company, kind
    return {"domain": "QBO", "status": "Deleted", "Id": identity, "MetaData": {"LastUpdatedTime": when}}


def ref_name(company: Company, kind: str, identity: str) -> str | None:
    """The name shown beside an id: fully qualified where the kind is a tree."""
    record = company.find(kind, identity) if kind in ENTITIES else None
    if record is None or identity in ("TAX", "NON"):
        return None
    name = record.get("FullyQualifiedName") or record.get("DisplayName") or record.get("Name")
    return str(name) if name else None


def _members(company: Company, record: Obj, table: Table) -> Obj:
    out: Obj = {}
    for name, value in record.items():
        if name[0] == "_":
            continue
        field = table.get(name)
        if field is None:
            out[name] = value
        elif field.shape is Shape.REF:
            out[name] = _ref(company, value, field.target, record)
        elif field.shape is Shape.PART:
            out[name] = _members(company, value, field.table)
        elif field.shape is Shape.ROWS:
            out[name] = [_members(company, row, field.table) for row in value]
        else:
            out[name] = value
    return out


def _ref(company: Company, ref: Obj, target: str, holder: Obj) -> Obj:
    if "name" in ref:
        return ref
    kind = target or str(holder.get("Type") or "") or company.name_kind(ref["value"])
    name = ref_name(company, kind, ref["value"])
    shown_ref: dict[str, Any] = {"value": ref["value"]}
    if name is not None:
        shown_ref["name"] = name
    if "type" in ref:
        shown_ref["type"] = ref["type"]
    return shown_ref


def _descendants(company: Company, kind: str, record: Obj) -> list[Obj]:
    found: list[Obj] = []
    for child in company.children.get((kind, record["Id"]), ()):
        below = company.records[kind][child]
        found += [below, *_descendants(company, kind, below)]
    return found


def _with_jobs(company: Company, record: Obj) -> Decimal:
    below = _descendants(company, "Customer", record)
    return money(record.get("Balance")) + sum((money(sub.get("Balance")) for sub in below), ZERO)


def _account_balance(company: Company, account: Obj) -> Decimal:
    if account["Classification"] not in _BALANCE_SHEET:
        return ZERO
    balance = company.ledger.balance(account["Id"])
    return -balance if account["Classification"] in _CREDIT_SIDE else balance
