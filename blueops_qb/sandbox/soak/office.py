"""The office: what people enter, change and take back in BlueOps, at random."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import attrs

from blueops_qb.domain.records import (
    Address,
    Application,
    Customer,
    Invoice,
    Job,
    LineKind,
    Payment,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.chart import FORGOTTEN
from blueops_qb.sandbox.soak.world import TENANT, World

R = TypeVar("R")
W = TypeVar("W", bound=World)
K = RecordKind
#: The younger records are chosen more often: that is where both sides meet.
RECENT = 12
MOST_LISTED = 60
CENT = Decimal("0.01")
STREETS = ("1 Pump St", "12 Quay Rd", "8 Alder St", "52 Mill St", "9 Cedar Ave")
SERVICES = ("repair", "install", "drain_cleaning", "inspection", "service_call")
MATERIALS = ("pipe_fittings", "fixtures", "water_heater", "general")


class NothingThere(Exception):
    """There is no record that the action could be about."""


# -- choosing ----------------------------------------------------------------------------------------
def today(w: World) -> dt.date:
    """The calendar day at the company."""
    return w.time.now().astimezone(ZoneInfo("America/Los_Angeles")).date()


def young(w: World, found: list[R]) -> R:
    """One of them, a late one more likely; raises NothingThere."""
    if not found:
        raise NothingThere
    return w.chance.choice(found[-RECENT:] if w.chance.random() < 0.7 else found)


def ids(w: World, kind: RecordKind, where: str = "") -> list[str]:
    """Ids of records that are there, oldest first."""
    gone = "'merged', 'deleted', 'void'"
    rows = w.rows(
        "SELECT id FROM core_records WHERE tenant_id = :tenant AND kind = :kind"
        f" AND status NOT IN ({gone}) {where} ORDER BY id DESC LIMIT {MOST_LISTED}",
        kind=kind.value,
    )
    return [str(row.id) for row in reversed(rows)]


def some(w: World, tx: Transaction, kind: RecordKind, where: str = "") -> Any:
    """A record of the kind."""
    found = tx.read(RecordRef(kind, young(w, ids(w, kind, where))))
    assert found is not None
    return found.record


def read(tx: Transaction, kind: RecordKind, id: str) -> Any:
    """A record that is there."""
    found = tx.read(RecordRef(kind, id))
    assert found is not None
    return found.record


def maybe(w: World, kind: RecordKind, share: float) -> str | None:
    """The id of one, in so many of the cases."""
    found = ids(w, kind)
    return young(w, found) if found and w.chance.random() < share else None


def amount(w: World, low: int = 1_000, high: int = 60_000) -> Decimal:
    """Whole cents in a range."""
    return Decimal(w.chance.randint(low, high)).scaleb(-2)


def place(w: World) -> Address:
    """An address in Reno."""
    return Address(line1=w.chance.choice(STREETS), city="Reno", state="NV", postal_code="89501")


def phone(w: World) -> str:
    """A phone number."""
    return f"775 555 {w.chance.randint(0, 9999):04d}"


def day(w: World) -> dt.date:
    """Mostly today, sometimes some weeks ago."""
    return today(w) - dt.timedelta(days=w.chance.choice((0, 0, 0, 1, 3, 20, 45)))


# -- parties -----------------------------------------------------------------------------------------
def enter_customer(w: World, tx: Transaction) -> Any:
    """A customer."""
    n = w.count()
    return tx.create_customer(
        Customer(
            id="",
            name=f"Customer {n}",
            email=f"c{n}@example.com",
            phone=phone(w),
            billing=place(w),
            terms=w.chance.choice(("net_30", "net_15")),
        )
    )


def enter_job(w: World, tx: Transaction) -> Any:
    """A job."""
    customer = some(w, tx, K.CUSTOMER)
    branch = w.chance.choice(("", "north", "south"))
    return tx.create_job(
        Job(
            id="",
            customer_id=customer.id,
            name=f"Job {w.count()}",
            site=place(w),
            class_key=w.chance.choice(("", "service", "install")),
            branch=branch,
        )
    )


def enter_vendor(w: World, tx: Transaction) -> Any:
    """A vendor."""
    n = w.count()
    return tx.create_vendor(
        Vendor(id="", name=f"Vendor {n}", phone=phone(w), email=f"v{n}@example.com", address=place(w))
    )


def change_customer(w: World, tx: Transaction) -> Any:
    """One thing about a customer."""
    customer = some(w, tx, K.CUSTOMER)
    n = w.count()
    changes: dict[str, Any] = w.chance.choice(
        (
            {"phone": phone(w)},
            {"email": f"c{n}@example.com"},
            {"billing": place(w)},
            {"name": f"Customer {n}"},
            {"company": f"Company {n}"},
            {"terms": w.chance.choice(("net_30", "net_15", "due_on_receipt"))},
        )
    )
    return tx.update_customer(attrs.evolve(customer, **changes))


def change_job(w: World, tx: Transaction) -> Any:
    """Name or site of a job."""
    job = some(w, tx, K.JOB)
    changes: dict[str, Any] = w.chance.choice(({"name": f"Job {w.count()}"}, {"site": place(w)}))
    return tx.update_job(attrs.evolve(job, **changes))


def change_vendor(w: World, tx: Transaction) -> Any:
    """One thing about a vendor."""
    vendor = some(w, tx, K.VENDOR)
    changes: dict[str, Any] = w.chance.choice(
        ({"phone": phone(w)}, {"address": place(w)}, {"name": f"Vendor {w.count()}"})
    )
    return tx.update_vendor(attrs.evolve(vendor, **changes))


def close_job(w: World, tx: Transaction) -> Any:
    """The work is done."""
    return tx.close_job(some(w, tx, K.JOB, "AND status = 'open'").id)


def _two(w: World, kind: RecordKind) -> tuple[str, str]:
    found = ids(w, kind)
    first = young(w, found)
    return first, young(w, [id for id in found if id != first])


def merge_customers(w: World, tx: Transaction) -> Any:
    """Two customers are the same."""
    loser, survivor = _two(w, K.CUSTOMER)
    tx.merge_customers(loser, survivor)
    return f"customer:{loser} into customer:{survivor}"


def merge_vendors(w: World, tx: Transaction) -> Any:
    """Two vendors are the same."""
    loser, survivor = _two(w, K.VENDOR)
    tx.merge_vendors(loser, survivor)
    return f"vendor:{loser} into vendor:{survivor}"


def merge_jobs(w: World, tx: Transaction) -> Any:
    """Two jobs of a customer are the same."""
    loser, survivor = _two(w, K.JOB)
    tx.merge_jobs(loser, survivor)
    return f"job:{loser} into job:{survivor}"


def delete_party(w: World, tx: Transaction) -> Any:
    """One that was never used."""
    kind, delete = w.chance.choice(
        ((K.CUSTOMER, tx.delete_customer), (K.JOB, tx.delete_job), (K.VENDOR, tx.delete_vendor))
    )
    id = young(w, ids(w, kind))
    delete(id)
    return f"{kind.value}:{id}"


# -- invoices ----------------------------------------------------------------------------------------
def line(w: World) -> LineDraft:
    """A line of one of three kinds; now and then of the key that nobody thought of."""
    draw = w.chance.random()
    n = w.count()
    if draw < 0.5:
        return LineDraft(
            kind=LineKind.SERVICE,
            service_category=w.chance.choice(SERVICES),
            description=f"Work {n}",
            quantity=Decimal(w.chance.randint(1, 12)) / 4,
            unit_price=amount(w, 2_000, 20_000),
            class_key=w.chance.choice(("", "service")),
        )
    if draw < 0.85:
        return LineDraft(
            kind=LineKind.MATERIAL,
            material_category=w.chance.choice(MATERIALS),
            description=f"Goods {n}",
            quantity=Decimal(w.chance.randint(1, 6)),
            unit_price=amount(w, 100, 9_000),
            discount_percent=Decimal(w.chance.choice((0, 0, 10))),
            taxable=w.chance.random() < 0.6,
        )
    fee = FORGOTTEN[1] if w.chance.random() < 0.3 else w.chance.choice(("trip", "late"))
    return LineDraft(
        kind=LineKind.FEE, fee_type=fee, description=f"Fee {n}", unit_price=amount(w, 500, 9_000)
    )


def raise_invoice(w: World, tx: Transaction) -> Any:
    """An invoice of one to three lines, for a customer or a job."""
    job = some(w, tx, K.JOB) if w.chance.random() < 0.4 and ids(w, K.JOB) else None
    customer = job.customer_id if job else some(w, tx, K.CUSTOMER).id
    lines = [line(w) for _ in range(w.chance.randint(1, 3))]
    return tx.raise_invoice(
        InvoiceDraft(
            customer_id=customer,
            job_id=job.id if job else None,
            issue_date=day(w),
            lines=lines,
            tax_key=w.chance.choice(("", "ca_county")),
            discount=w.chance.choice((Decimal("0.00"), Decimal("0.00"), Decimal("5.00"))),
            terms=w.chance.choice(("net_15", "net_30")),
        )
    )


def change_invoice(w: World, tx: Transaction) -> Any:
    """A line more, a line less, another price or another date."""
    invoice = some(w, tx, K.INVOICE)
    draft = draft_of(invoice)
    lines = list(draft.lines)
    draw = w.chance.random()
    if draw < 0.4:
        lines.append(line(w))
    elif draw < 0.6 and len(lines) > 1:
        lines.pop(w.chance.randrange(len(lines)))
    elif draw < 0.9:
        n = w.chance.randrange(len(lines))
        lines[n] = attrs.evolve(lines[n], unit_price=amount(w, 2_000, 20_000), discount=Decimal("0.00"))
    else:
        return tx.update_invoice(invoice.id, attrs.evolve(draft, due_date=None, issue_date=day(w)))
    return tx.update_invoice(invoice.id, attrs.evolve(draft, lines=lines))


def void_invoice(w: World, tx: Transaction) -> Any:
    """An invoice without payments."""
    return tx.void_invoice(some(w, tx, K.INVOICE, "AND balance = total").id)


# -- money -------------------------------------------------------------------------------------------
def _open_of(w: World, customer_id: str) -> list[tuple[str, Decimal]]:
    rows = w.rows(
        "SELECT id, balance FROM core_records WHERE tenant_id = :tenant AND kind = 'invoice'"
        " AND status = 'open' AND balance > 0 AND customer_id = :customer ORDER BY id",
        customer=customer_id,
    )
    return [(str(row.id), Decimal(row.balance).scaleb(-2)) for row in rows]


def _applied(w: World, customer_id: str) -> tuple[Application, ...]:
    found = _open_of(w, customer_id)
    w.chance.shuffle(found)
    parts = []
    for id, balance in found[: w.chance.randint(1, 3)]:
        part = balance if w.chance.random() < 0.6 else max(CENT, (balance / 3).quantize(CENT))
        parts.append(Application(invoice_id=id, amount=part))
    return tuple(parts)


def record_payment(w: World, tx: Transaction) -> Any:
    """Money for some open invoices of a customer, sometimes more than they come to."""
    customer_id = some(w, tx, K.INVOICE, "AND status = 'open'").customer_id
    parts = _applied(w, customer_id)
    over = amount(w, 100, 5_000) if not parts or w.chance.random() < 0.15 else Decimal("0.00")
    total = sum((part.amount for part in parts), over)
    method = w.chance.choice(("check", "check", "cash", "card", "ach"))
    fee = (total * Decimal("0.029")).quantize(CENT) if method == "card" else Decimal("0.00")
    return tx.record_payment(
        Payment(
            id="",
            customer_id=customer_id,
            received_on=day(w),
            amount=total,
            method=method,
            reference=f"R{w.count()}",
            applications=parts,
            fee=fee,
        )
    )


def change_payment(w: World, tx: Transaction) -> Any:
    """Another reference, or applied to other invoices."""
    payment = some(w, tx, K.PAYMENT)
    if w.chance.random() < 0.4:
        return tx.update_payment(attrs.evolve(payment, reference=f"R{w.count()}"))
    if w.chance.random() < 0.5:
        return tx.update_payment(attrs.evolve(payment, applications=()))
    parts, left = [], payment.amount - payment.elsewhere
    for part in _applied(w, payment.customer_id):
        take = min(left, part.amount)
        if take > 0:
            parts.append(attrs.evolve(part, amount=take))
            left -= take
    return tx.update_payment(attrs.evolve(payment, applications=tuple(parts)))


def void_payment(w: World, tx: Transaction) -> Any:
    """Taken back."""
    return tx.void_payment(some(w, tx, K.PAYMENT).id)


def entered(entry: Callable[[W, Transaction], Any]) -> Callable[[W], str]:
    """The action in a transaction of its own, as people enter things; answers what it was about."""

    def act(w: W) -> str:
        with w.core.begin(TENANT, actor="office") as tx:
            record = entry(w, tx)
        if isinstance(record, Invoice):
            return f"{record.ref} {record.number} {record.total}"
        return str(getattr(record, "ref", record))

    return act
