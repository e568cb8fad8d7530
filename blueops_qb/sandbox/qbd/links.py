"""Links between documents: estimates that become invoices, orders that become bills, credits set on invoices,
payments that went to the bank."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import books, open_items
from blueops_qb.sandbox.qbd.changing import related_must_be_free
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, invalid, not_found
from blueops_qb.sandbox.qbd.purchase_lines import flat_items
from blueops_qb.sandbox.qbd.reading import LINES
from blueops_qb.sandbox.qbd.sales_lines import flat
from blueops_qb.sandbox.qbd.values import Obj, fine_text, money, ref_id

#: what a line takes over from the line of the estimate or order that it is linked to
_TAKEN = ("ItemRef", "Desc", "Quantity", "UnitOfMeasure", "Rate", "Amount", "ClassRef", "SalesTaxCodeRef")
#: form -> the form it may be made from
_SOURCE = {"Invoice": "Estimate", "Bill": "PurchaseOrder"}


def family(company: Company, customer: str) -> set[str]:
    """The customers whose documents a payment of this one may settle: itself and its jobs."""
    return company.under(customer) if company.kind_of.get(customer) == "Customer" else {customer}


# --- made from another form ---


def lines_of_estimates(company: Company, kind: str, sent: Obj) -> list[Obj]:
    """The lines that ``LinkToTxnID`` brings along, linked one by one."""
    source = _SOURCE.get(kind, "")
    return [
        {"LinkToTxn": {"TxnID": identity, "TxnLineID": line["TxnLineID"]}}
        for identity in sent.get("LinkToTxnID", [])
        for line in _lines_of(company, source, identity)
    ]


def linked(company: Company, kind: str, lines: Iterable[Obj], *, cost: str = "Rate") -> list[Obj]:
    """Lines of an Add with what a link brings; raises Refusal 3120, 3153."""
    fresh = []
    for line in lines:
        link = line.get("LinkToTxn")
        if link is None:
            fresh.append(line)
            continue
        if "ItemRef" in line:
            raise Refusal(3153, "A line with LinkToTxn must not carry ItemRef.")
        known = {one["TxnLineID"]: one for one in _lines_of(company, _SOURCE[kind], link["TxnID"])}
        if link["TxnLineID"] not in known:
            raise not_found("line", link["TxnLineID"])
        source = known[link["TxnLineID"]]
        taken = {name: source[name] for name in _TAKEN if name in source}
        if "Rate" in taken:
            taken[cost] = taken.pop("Rate")
        if "CustomerRef" in source and kind == "Bill":
            taken["CustomerRef"] = source["CustomerRef"]
        if line.get("Quantity") or line.get(cost):
            taken.pop("Amount", None)
        fresh.append(
            {
                **taken,
                **{name: value for name, value in line.items() if name != "LinkToTxn"},
                "_LinkTxn": link["TxnID"],
                "_LinkLine": link["TxnLineID"],
            }
        )
    return fresh


def note(record: Obj, sent: Obj) -> None:
    """Keep on the form what it was made from."""
    sources = dict.fromkeys(
        [*sent.get("LinkToTxnID", []), *(line["_LinkTxn"] for line in record[LINES] if "_LinkTxn" in line)]
    )
    if sources:
        record["_Links"] = list(sources)


def close_estimates(company: Company, record: Obj) -> None:
    """An estimate that became an invoice is no longer active."""
    for identity in record.get("_Links", []):
        estimate = company.get("Estimate", identity)
        if estimate is not None and estimate.get("IsActive") == "true":
            fresh = {**estimate, "IsActive": "false"}
            company.stamp(fresh)
            books.save(company, "Estimate", fresh)


def received(company: Company, order: str) -> dict[str, Decimal]:
    """How much of each line of a purchase order bills have taken: TxnLineID -> quantity."""
    taken: dict[str, Decimal] = {}
    for bill in company.records["Bill"].values():
        for line in flat_items(bill):
            if line.get("_LinkTxn") == order:
                key = line["_LinkLine"]
                taken[key] = taken.get(key, ZERO) + Decimal(line.get("Quantity") or 0)
    return taken


def _lines_of(company: Company, kind: str, identity: str) -> list[Obj]:
    record = company.get(kind, identity)
    if record is None:
        raise not_found(kind, identity)
    lines = list(flat(record, kind)) if kind == "Estimate" else list(flat_items(record))
    if kind != "PurchaseOrder":
        return lines
    taken = received(company, identity)
    rest = []
    for line in lines:
        left = Decimal(line.get("Quantity") or 0) - taken.get(line["TxnLineID"], ZERO)
        if left > 0:
            rest.append({**{n: v for n, v in line.items() if n != "Amount"}, "Quantity": fine_text(left)})
    return rest


# --- credits ---


def credit(company: Company, identity: str, *, side: str, parties: set[str], account: str) -> tuple[str, Obj]:
    """A credit that may be set on a document of these parties; raises Refusal 3120."""
    kind = company.kind_of.get(identity, "")
    record = company.get(kind, identity)
    claim = open_items.claim_of(company, kind, record) if record is not None else None
    fits = (
        record is not None
        and claim is not None
        and claim.amount < 0
        and claim.side == side
        and claim.account == account
        and claim.party in parties
    )
    if not fits or record is None:
        raise not_found("credit", identity)
    related_must_be_free(company, identity)
    return kind, record


def set_credits(company: Company, kind: str, record: Obj, sent: list[Obj]) -> None:
    """Lay credits on an invoice: those named anew replace what they gave before, 0.00 takes them off."""
    if kind != "Invoice" or not sent:
        return
    kept = {one["CreditTxnID"]: money(one["AppliedAmount"]) for one in record.get("_Credits", [])}
    parties = _family_up(company, ref_id(record, "CustomerRef"))
    for one in sent:
        identity, amount = one["CreditTxnID"], money(one["AppliedAmount"])
        source_kind, source = credit(
            company,
            identity,
            side=open_items.RECEIVABLE,
            parties=parties,
            account=ref_id(record, "ARAccountRef"),
        )
        left = open_items.remaining(company, source_kind, source) + kept.get(identity, ZERO)
        if amount < 0 or amount > left:
            raise invalid("AppliedAmount", str(amount), f"the credit has {left} left.")
        kept[identity] = amount
    others = open_items.settled(company, record["TxnID"]) - sum(
        (part.amount for part in company.made.get(record["TxnID"], [])), ZERO
    )
    if sum(kept.values(), ZERO) + others > open_items.sales_total(record):
        raise invalid("AppliedAmount", str(sum(kept.values(), ZERO)), "it is more than the amount due.")
    record["_Credits"] = [
        {"CreditTxnID": identity, "AppliedAmount": str(amount)} for identity, amount in kept.items() if amount
    ]


def _family_up(company: Company, customer: str) -> set[str]:
    parties = {customer}
    while customer := ref_id(company.records["Customer"].get(customer, {}), "ParentRef"):
        parties.add(customer)
    return parties


def must_cover(company: Company, kind: str, before: Obj, record: Obj) -> None:
    """Raise Refusal 3210 where a changed form would be smaller than what hangs on it, or of somebody else."""
    identity = record["TxnID"]
    own = sum((part.amount for part in company.made.get(identity, []) if part.target == identity), ZERO)
    kept = sum((money(one["AppliedAmount"]) for one in record.get("_Credits", [])), ZERO)
    kept += sum((money(one["RefundAmount"]) for one in record.get("_Refunds", [])), ZERO)
    used = open_items.settled(company, identity) + open_items.spent(company, identity) - own + kept
    if not used:
        return
    old, new = (open_items.claim_of(company, kind, one) for one in (before, record))
    if old is None or new is None or abs(new.amount) < used:
        raise invalid("Amount", str(abs(new.amount) if new else ZERO), f"{used} of it is applied.")
    if (old.party, old.account) != (new.party, new.account):
        raise Refusal(3170, "The customer, vendor or account cannot be changed while something is applied.")


def detach(company: Company, identity: str) -> None:
    """Take a transaction that goes away out of everything that was applied to it or from it, without a message."""
    for kind, owner in _owners(company, identity):
        record = dict(company.records[kind][owner])
        applied = []
        for one in record.get("_Applied", []):
            if one["TxnID"] == identity:
                continue
            credits = [c for c in one.get("SetCredit", []) if c["CreditTxnID"] != identity]
            fresh = {**one, "SetCredit": credits}
            if credits or money(one.get("PaymentAmount")) or money(one.get("DiscountAmount")):
                applied.append(fresh)
        if "_Applied" in record:
            record["_Applied"] = applied
        if "_Credits" in record:
            record["_Credits"] = [c for c in record["_Credits"] if c["CreditTxnID"] != identity]
        if "_Refunds" in record:
            record["_Refunds"] = [r for r in record["_Refunds"] if r["TxnID"] != identity]
        company.stamp(record)
        books.save(company, kind, record)


def _owners(company: Company, identity: str) -> list[tuple[str, str]]:
    parts = [*company.settled.get(identity, []), *company.spent.get(identity, [])]
    owners = dict.fromkeys(part.owner for part in parts if part.owner != identity)
    return [(company.kind_of[owner], owner) for owner in owners]


# --- money in the bank ---


def must_not_be_deposited(company: Company, record: Obj, sent: Obj, names: tuple[str, ...]) -> None:
    """Raise Refusal 3170 for a change of money that a deposit has taken to the bank."""
    if record["TxnID"] in company.deposited and any(name in sent for name in names):
        raise Refusal(
            3170,
            f"The transaction {record['TxnID']} was deposited: its amount and account cannot be modified.",
        )
