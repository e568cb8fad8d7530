"""Common invariants: those of accounting-treatments section 13 that are asked of both kinds of books alike.

What depends on a form of the books stands beside the books: `invariants` for QuickBooks Online, `desktop.invariants`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.reader.values import Chart
from blueops_qb.sandbox.soak.any_books import ZERO, AnyBooks
from blueops_qb.sandbox.soak.excuses import Apart, places
from blueops_qb.sandbox.soak.world import World

CENT = Decimal("0.01")
Books = AnyBooks[Any]


def _money(value: object) -> Decimal:
    return Decimal(str(value or 0)).quantize(CENT)


def i1_balanced(_: World, books: Books, __: Apart) -> Iterator[str]:
    """Each document sums to nothing, and is posted as its members say."""
    there = set()
    for kind, id, raw in books.documents():
        there.add((kind, id))
        effect = books.effect(kind, raw)
        if sum(effect.values(), ZERO):
            yield f"{kind} {id} does not balance: {books.told(effect)}"
        posted = books.posted.get((kind, id), {})
        if posted != effect:
            yield f"{kind} {id} is posted as {books.told(posted)}, its members say {books.told(effect)}"
    for kind, id in books.posted.keys() - there:
        if kind in books.forms:
            yield f"{kind} {id} is posted but not there"


def i6_credited(w: World, books: Books, apart: Apart) -> Iterator[str]:
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
            raw = books.find(kind, id)
            effects.append({} if raw is None else books.effect(kind, raw))
        if whole and {account: -amount for account, amount in effects[0].items()} != effects[1]:
            yield f"{name} in full is {books.told(effects[0])}, {of} is {books.told(effects[1])}"


def waiting_here(w: World, apart: Apart) -> tuple[Decimal, set[str]]:
    """Money that BlueOps has received less what it has paid in or gave back from there, without what stands apart.

    Also answers where the deposits are that hold something which stands apart: they count on neither side.
    """
    found: dict[str, Mapping[str, Any]] = {}
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
            here += _money(raw["amount"]) if kind == "payment" else -_left_waiting(raw)
    disputed = {name for name, raw in payouts.items() if apart.ours.intersection(_inside(raw))}
    for name in payouts.keys() - apart.ours - disputed:
        for inside in _inside(payouts[name]):
            raw = found.get(inside, {})
            here -= _money(raw.get("amount")) if inside.startswith("payment:") else -_left_waiting(raw)
    return here, {place for ref_, place in places(w) if ref_ in disputed}


def _left_waiting(raw: Mapping[str, Any]) -> Decimal:
    """What a refund or a returned payment took, with its fee, out of an account in which money waits."""
    return ZERO if raw.get("account_key") else _money(raw.get("amount")) + _money(raw.get("bank_fee"))


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


def i9_waiting(w: World, books: Books, apart: Apart) -> Iterator[str]:
    """What waits for the bank is what BlueOps has not paid in."""
    waiting = {books.account(number) for number in w.chart.waiting}
    here, disputed = waiting_here(w, apart)
    only_theirs = w.only_theirs()
    there = ZERO
    for kind, id, raw in books.documents():
        if (kind, id) in only_theirs or f"{kind}:{id}" in apart.theirs | disputed or kind == "CreditMemo":
            continue
        there += sum((a for account, a in books.effect(kind, raw).items() if account in waiting), ZERO)
    if there != here:
        yield f"{there} wait for the bank in the books, {here} in BlueOps"


def i10_returned(w: World, books: Books, apart: Apart) -> Iterator[str]:
    """A payment that came back has no effect on A/R or deposits, settles nothing else, and cost its fee."""
    rows = w.rows(
        "SELECT id, record FROM core_records WHERE tenant_id = :tenant AND kind = 'payment_return' AND status <> 'void'"
    )
    found: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    if rows:
        for name, place in places(w):
            kind, _, id = place.partition(":")
            raw = books.find(kind, id)
            if raw is not None:
                found[name].append((kind, raw))
    owed = {books.account(w.chart.receivable), books.account(w.chart.fees_charged["deposit"])}
    cash = {books.account(number) for number in w.chart.waiting | {w.chart.money["checking"]}}
    for row in rows:
        back, of = f"payment_return:{row.id}", f"payment:{json.loads(row.record)['payment_id']}"
        if {back, of} & apart.ours or not (found[back] and found[of]):
            continue
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        # A part that was taken out, its money being in another one, is none of the payment any more.
        parts = [got for kind, raw in found[of] if (got := books.received(kind, raw)) is not None]
        if parts and not any(total for total, _ in parts):
            yield f"{of} came back, but none of its payments has anything to settle that with"
        for kind, raw in (*found[back], *found[of]):
            got = books.received(kind, raw)
            if got is not None and got[1]:
                yield f"{of} came back, but its payment of {got[0]} does not settle that in full"
            if kind != "CreditMemo":
                for account, amount in books.effect(kind, raw).items():
                    sums[account] += amount
        left = sum((sums[account] for account in owed), ZERO)
        spent = sum((sums[account] for account in cash), ZERO) + _money(
            json.loads(row.record).get("bank_fee")
        )
        if left or spent:
            yield f"{of} and {back} leave {left} owed and {spent} of money beside the fee"


def i11_deposits(w: World, books: Books, apart: Apart) -> Iterator[str]:
    """Customer deposits are never below zero, per customer, and are what BlueOps has received and not used up."""
    held = books.account(w.chart.fees_charged["deposit"])
    named = {
        books.root(books.customer(raw))
        for kind, _, id in (place.partition(":") for place in apart.theirs)
        if (raw := books.find(kind, id)) is not None
    }
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for (account, customer), amount in books.of_customer.items():
        if account == held:
            sums[books.root(customer)] -= amount
    for customer, rest in sums.items():
        if rest < 0 and customer not in named and not w.accepted:
            yield f"deposits of customer {customer} are overdrawn by {-rest}"


def i24_mapped(w: World, books: Books, _: Apart) -> Iterator[str]:
    """One currency, and no account that no rule leads to."""
    known = _known(w.chart)
    for kind, id, raw in books.documents():
        if books.foreign(raw):
            yield f"{kind} {id} is in {books.foreign(raw)}"
        strange = {books.number(account) for account in books.effect(kind, raw)} - known
        if strange and (kind, id) not in w.witness.before:
            yield f"{kind} {id} posts to {', '.join(sorted(strange))}, which no rule leads to"


def _known(chart: Chart) -> set[str]:
    """Numbers of the accounts that some rule leads to."""
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
    return known
