"""Invariants of accounting-treatments section 13, held against the soak's own ledger and core's tables.

I2 (replay) is the witness's: nothing is created twice. The field-by-field part of I3 and I7 (splits to the cent) is
the reader's, which spreads tax and freight itself. I5 compares two kinds of books, in `both`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.soak.chart import CHART
from blueops_qb.sandbox.soak.excuses import Apart, places
from blueops_qb.sandbox.soak.ledger import HOME, ZERO, Books, Raw, money, ref, told
from blueops_qb.sandbox.soak.online_witness import DOCUMENTS
from blueops_qb.sandbox.soak.world import World

#: Forms that sell or take back, beside invoices.
SOLD_ELSE = ("CreditMemo", "SalesReceipt", "RefundReceipt")

Check = Callable[[World, Books, Apart], Iterator[str]]


def check_books(w: World, books: Books, apart: Apart) -> list[str]:
    """Every invariant that does not hold, in words."""
    return [f"{name}: {fault}" for name, check in INVARIANTS for fault in check(w, books, apart)]


def _i1_balanced(_: World, books: Books, __: Apart) -> Iterator[str]:
    """Each document sums to nothing, and is posted as its members say."""
    for kind, raw in books.documents():
        effect = books.effect(kind, raw)
        if sum(effect.values(), ZERO):
            yield f"{kind} {raw['Id']} does not balance: {told(books, effect)}"
        posted = books.posted.get((kind, str(raw["Id"])), {})
        if posted != effect:
            yield (
                f"{kind} {raw['Id']} is posted as {told(books, posted)}, its members say {told(books, effect)}"
            )
    for kind, id in books.posted:
        if kind in DOCUMENTS and id not in books.records[kind]:
            yield f"{kind} {id} is posted but not there"


def _i3_sums(_: World, books: Books, __: Apart) -> Iterator[str]:
    """Lines less discount plus tax are the total."""
    for kind in ("Invoice", *SOLD_ELSE):
        for raw in books.records[kind].values():
            lines = ZERO
            for line in raw.get("Line", ()):
                sign = {"SalesItemLineDetail": 1, "DiscountLineDetail": -1}.get(line["DetailType"], 0)
                lines += sign * money(line.get("Amount"))
            total = lines + money(raw.get("TxnTaxDetail", {}).get("TotalTax"))
            if total != money(raw.get("TotalAmt")):
                yield f"{kind} {raw['Id']} comes to {total}, its total is {raw.get('TotalAmt')}"


def _i4_receivable(_: World, books: Books, __: Apart) -> Iterator[str]:
    """A/R per customer = what is open of invoices and of money that went back, less unapplied payments and credits.

    A/P per vendor = open bills.
    """
    open_: dict[str, Decimal] = defaultdict(lambda: ZERO)
    settled: dict[str, Decimal] = defaultdict(lambda: ZERO)
    payable: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for raw in books.records["Invoice"].values():
        open_[_root(books, raw)] += money(raw.get("Balance"))
    for raw in books.records["Payment"].values():
        open_[_root(books, raw)] -= money(raw.get("UnappliedAmt"))
        for line in raw.get("Line", ()):
            if line["LinkedTxn"][0]["TxnType"] not in ("Invoice", "CreditMemo"):
                settled[line["LinkedTxn"][0]["TxnId"]] += money(line.get("Amount"))
    for raw in books.records["CreditMemo"].values():
        open_[_root(books, raw)] -= money(raw.get("RemainingCredit"))
    receivable = books.account(CHART.receivable)
    for id, raw in books.records["Purchase"].items():
        owed = books.effect("Purchase", raw).get(receivable, ZERO)
        if owed:
            open_[_root(books, raw, "EntityRef")] += owed - settled.pop(id, ZERO)
    for raw in books.records["Bill"].values():
        payable[ref(raw, "VendorRef")] += money(raw.get("TotalAmt")) - money(raw.get("Balance"))
    for (account, customer), amount in books.of_customer.items():
        if account == receivable:
            open_[_top(books, customer)] -= amount
    for customer, rest in open_.items():
        if rest:
            yield f"customer {customer}: what is open differs by {rest} from what the ledger has"
    for id, amount in settled.items():
        yield f"{amount} is applied to purchase {id}, which is none of a customer's money"
    for vendor, rest in payable.items():
        if rest:
            yield f"vendor {vendor}: bills count as paid by {rest} that nobody paid"


def _root(books: Books, raw: Raw, name: str = "CustomerRef") -> str:
    return _top(books, ref(raw, name))


def _top(books: Books, id: str) -> str:
    while parent := ref(books.records["Customer"].get(id, {}), "ParentRef"):
        id = parent
    return id


def _i6_void(_: World, books: Books, __: Apart) -> Iterator[str]:
    """What is void does nothing."""
    for kind, raw in books.documents():
        # One that was void and is written again keeps the word in its note.
        void = str(raw.get("PrivateNote", "")).startswith("Voided") and not money(raw.get("TotalAmt"))
        if void and books.posted.get((kind, str(raw["Id"]))):
            yield f"{kind} {raw['Id']} is void and still posted"


def _i6_credited(w: World, books: Books, apart: Apart) -> Iterator[str]:
    """A credit in full is the negative of its invoice, account by account, tax included (I6 and I23)."""
    records = {
        f"{row.kind}:{row.id}": json.loads(row.record)
        for row in w.rows(
            "SELECT kind, id, record FROM core_records WHERE tenant_id = :tenant"
            " AND (kind = 'credit' AND status = 'issued' OR kind = 'invoice' AND status <> 'void')"
        )
    }
    found = {
        of: place.split(":")
        for of, place in places(w)
        if of in records and place.startswith("CreditMemo:" if of.startswith("credit:") else "Invoice:")
    }
    for name, credit in records.items():
        of = f"invoice:{credit.get('invoice_id')}"
        if not name.startswith("credit:") or {name, of} & apart.ours or not {name, of} <= found.keys():
            continue
        invoice = records.get(of, {})
        whole = all(credit.get(part) == invoice.get(part) for part in ("lines", "discount", "tax", "total"))
        effects = []
        for kind, id in (found[name], found[of]):
            effects.append(books.effect(kind, books.records[kind].get(id, {})))
        if whole and {account: -amount for account, amount in effects[0].items()} != effects[1]:
            yield f"{name} in full is {told(books, effects[0])}, {of} is {told(books, effects[1])}"


def _i8_closed(w: World, books: Books, _: Apart) -> Iterator[str]:
    """Nothing on or before the closing date was created or moved by the app."""
    for kind, id, old, new in w.witness.in_closed_period:
        before = books.effect(kind, old) if old else {}
        after = books.effect(kind, new) if new else {}
        moved = bool(old and new and old.get("TxnDate") != new.get("TxnDate"))
        if before != after or moved:
            yield f"{kind} {id} was written into the closed period"


def _i9_money(w: World, books: Books, apart: Apart) -> Iterator[str]:
    """Payments are what they settle and what is left; what waits for the bank is what BlueOps has not paid in."""
    for raw in books.records["Payment"].values():
        applied = ZERO
        for line in raw.get("Line", ()):
            used = line["LinkedTxn"][0]["TxnType"] == "CreditMemo"
            applied += -money(line.get("Amount")) if used else money(line.get("Amount"))
        if applied + money(raw.get("UnappliedAmt")) != money(raw.get("TotalAmt")):
            yield f"payment {raw['Id']} of {raw.get('TotalAmt')} settles {applied}"
    for raw in books.records["Invoice"].values():
        if money(raw.get("Balance")) < 0:
            yield f"invoice {raw['Id']} is paid more than it is: {raw['Balance']}"
    waiting = {books.account(number) for number in CHART.waiting}
    here, disputed = waiting_here(w, apart)
    only_theirs = w.only_theirs()
    there = ZERO
    for kind, raw in books.documents():
        place = f"{kind}:{raw['Id']}"
        if (kind, str(raw["Id"])) in only_theirs or place in apart.theirs or place in disputed:
            continue
        if kind != "CreditMemo":
            there += sum((a for account, a in books.effect(kind, raw).items() if account in waiting), ZERO)
    if there != here:
        yield f"{there} wait for the bank in the books, {here} in BlueOps"


def waiting_here(w: World, apart: Apart) -> tuple[Decimal, set[str]]:
    """Money that BlueOps has received less what it has paid in or gave back from there, without what stands apart.

    Also answers where the deposits are that hold something which stands apart: they count on neither side.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in w.rows(
        "SELECT kind, id, record FROM core_records WHERE tenant_id = :tenant"
        " AND kind IN ('payment', 'payout', 'refund', 'payment_return')"
        " AND status NOT IN ('void', 'merged', 'deleted')"
    ):
        found[f"{row.kind}:{row.id}"] = json.loads(row.record)
    here, payouts = ZERO, {}
    for ref_, raw in found.items():
        kind = ref_.partition(":")[0]
        if kind == "payout":
            payouts[ref_] = raw
        elif ref_ not in apart.ours:
            here += money(raw["amount"]) if kind == "payment" else -_left_waiting(raw)
    disputed = {name for name, raw in payouts.items() if apart.ours.intersection(_inside(raw))}
    for name in payouts.keys() - apart.ours - disputed:
        for inside in _inside(payouts[name]):
            raw = found.get(inside, {})
            here -= money(raw.get("amount")) if inside.startswith("payment:") else -_left_waiting(raw)
    return here, {place for ref_, place in places(w) if ref_ in disputed}


def _left_waiting(raw: Mapping[str, Any]) -> Decimal:
    """What a refund or a returned payment took, with its fee, out of an account in which money waits."""
    return ZERO if raw.get("account_key") else money(raw.get("amount")) + money(raw.get("bank_fee"))


def _inside(payout: Mapping[str, Any]) -> set[str]:
    """What a payout holds."""
    return {
        f"{kind}:{id}"
        for kind, ids in (
            ("payment", "payment_ids"),
            ("refund", "refund_ids"),
            ("payment_return", "return_ids"),
        )
        for id in payout.get(ids, ())
    }


def _i10_returned(w: World, books: Books, apart: Apart) -> Iterator[str]:
    """A payment that came back has no effect on A/R or deposits, settles nothing else, and cost its fee."""
    rows = w.rows(
        "SELECT id, record FROM core_records WHERE tenant_id = :tenant AND kind = 'payment_return' AND status <> 'void'"
    )
    found: dict[str, list[tuple[str, Raw]]] = defaultdict(list)
    if rows:
        for name, place in places(w):
            kind, _, id = place.partition(":")
            if id in books.records[kind]:
                found[name].append((kind, books.records[kind][id]))
    owed = {books.account(CHART.receivable), books.account("2300")}
    cash = {books.account(number) for number in CHART.waiting | {CHART.money["checking"]}}
    for row in rows:
        back, of = f"payment_return:{row.id}", f"payment:{json.loads(row.record)['payment_id']}"
        if {back, of} & apart.ours or not (found[back] and found[of]):
            continue
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        # A part that was taken out, its money being in another one, is none of the payment any more.
        parts = [raw for kind, raw in found[of] if kind == "Payment"]
        if parts and not any(money(raw.get("TotalAmt")) for raw in parts):
            yield f"{of} came back, but payment {parts[0]['Id']} does not settle that in full"
        for kind, raw in (*found[back], *found[of]):
            if kind == "Payment" and money(raw.get("UnappliedAmt")):
                yield f"{of} came back, but payment {raw['Id']} does not settle that in full"
            if kind != "CreditMemo":
                for account, amount in books.effect(kind, raw).items():
                    sums[account] += amount
        left = sum((sums[account] for account in owed), ZERO)
        spent = sum((sums[account] for account in cash), ZERO) + money(json.loads(row.record).get("bank_fee"))
        if left or spent:
            yield f"{of} and {back} leave {left} owed and {spent} of money beside the fee"


def _i11_deposits(w: World, books: Books, apart: Apart) -> Iterator[str]:
    """Customer deposits are never below zero, per customer, and are what BlueOps has received and not used up."""
    held = books.account("2300")
    named = {
        _root(books, books.records[kind].get(id, {}))
        for kind, _, id in (p.partition(":") for p in apart.theirs)
    }
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for (account, customer), amount in books.of_customer.items():
        if account == held:
            sums[_top(books, customer)] -= amount
    for customer, rest in sums.items():
        if rest < 0 and customer not in named and not w.accepted:
            yield f"deposits of customer {customer} are overdrawn by {-rest}"


def _i23_tax(_: World, books: Books, __: Apart) -> Iterator[str]:
    """Sales tax is what the documents say, and the sum of its jurisdictions."""
    account, on_documents = books.account(CHART.sales_tax), ZERO
    signed = ((1, "Invoice"), (-1, "CreditMemo"), (1, "SalesReceipt"), (-1, "RefundReceipt"))
    for sign, raw in ((sign, raw) for sign, kind in signed for raw in books.records[kind].values()):
        detail = raw.get("TxnTaxDetail", {})
        total, lines = money(detail.get("TotalTax")), detail.get("TaxLine", ())
        on_documents += sign * total
        by_line = sum((money(line.get("Amount")) for line in lines), ZERO)
        if lines and by_line != total:
            yield f"invoice {raw['Id']}: a tax of {total} is {by_line} by jurisdiction"
        taxed = any(
            ref(line.get("SalesItemLineDetail", {}), "TaxCodeRef") == "TAX" for line in raw.get("Line", ())
        )
        if total and not taxed:
            yield f"invoice {raw['Id']}: {total} of tax, and no line is taxable"
    posted = -sum((effect.get(account, ZERO) for effect in books.posted.values()), ZERO)
    if posted != on_documents:
        yield f"{posted} of sales tax are posted, the documents say {on_documents}"


def _i24_mapped(w: World, books: Books, _: Apart) -> Iterator[str]:
    """One currency, and no account that no rule leads to."""
    chart = CHART
    known = {chart.receivable, chart.payable, chart.sales_tax, chart.undeposited, chart.discounts, chart.fees}
    known |= {chart.bank_charges}
    for part in (
        chart.services,
        chart.materials_sold,
        chart.fees_charged,
        chart.materials_bought,
        chart.expenses,
        chart.received_in,
        chart.money,
    ):
        known |= set(part.values())
    for kind, raw in books.documents():
        if ref(raw, "CurrencyRef") not in ("", HOME):
            yield f"{kind} {raw['Id']} is in {ref(raw, 'CurrencyRef')}"
        strange = {books.number(id) for id in books.effect(kind, raw)} - known
        if strange and (kind, str(raw["Id"])) not in w.witness.before:
            yield f"{kind} {raw['Id']} posts to {', '.join(sorted(strange))}, which no rule leads to"


def _i25_split(_: World, books: Books, __: Apart) -> Iterator[str]:
    """The parts of a purchase, by job and overhead, are its total; nothing is billable twice."""
    for kind in ("Bill", "Purchase"):
        for raw in books.records[kind].values():
            parts: dict[str, Decimal] = defaultdict(lambda: ZERO)
            for line in raw.get("Line", ()):
                detail = line[line["DetailType"]]
                parts[ref(detail, "CustomerRef")] += money(line.get("Amount"))
                if detail.get("BillableStatus") == "Billable":
                    yield f"{kind} {raw['Id']}: a line is billable in the books too"
            if sum(parts.values(), ZERO) != money(raw.get("TotalAmt")):
                yield f"{kind} {raw['Id']} of {raw.get('TotalAmt')} is split into {sum(parts.values(), ZERO)}"


INVARIANTS: Sequence[tuple[str, Check]] = (
    ("I1", _i1_balanced),
    ("I3", _i3_sums),
    ("I4", _i4_receivable),
    ("I6", _i6_void),
    ("I6", _i6_credited),
    ("I8", _i8_closed),
    ("I9", _i9_money),
    ("I10", _i10_returned),
    ("I11", _i11_deposits),
    ("I23", _i23_tax),
    ("I24", _i24_mapped),
    ("I25", _i25_split),
)
