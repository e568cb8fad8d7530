"""What a bookkeeper enters in the fake books, and what of it is in BlueOps then."""

from typing import Any

from blueops_qb.domain.documents import Allocation, CustomerPayment
from blueops_qb.domain.records import Address, Customer, Invoice
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from tests.engine_house import DAY, D, EngineHouse

K = BooksKind
THERE = Address(line1="99 New St", city="Reno", state="NV", postal_code="89501")


def check(house: EngineHouse, invoice: Invoice, amount: str, **fields: Any) -> CustomerPayment:
    """A check that came by mail, as the bookkeeper enters it."""
    place = house.place(invoice)
    return CustomerPayment(
        customer=house.there(invoice).customer,
        date=DAY,
        amount=D(amount),
        allocations=(Allocation(invoice=place, amount=D(amount)),),
        method=BooksRef(K.PAYMENT_METHOD, "CK"),
        reference="4711",
        deposit_to=BooksRef(K.ACCOUNT, "1090"),
        **fields,
    )


def all_here(house: EngineHouse, kind: RecordKind) -> list[Any]:
    return [s.record for s in house.core.iterate(house.tenant, kinds=[kind]) if not s.deleted]


def sent_customer(house: EngineHouse, **fields: Any) -> Customer:
    ann = house.customer(**fields)
    house.drain()
    return ann


def sent_invoice(house: EngineHouse, price: str = "100.00") -> Invoice:
    invoice = house.invoice(house.customer(), price)
    house.drain()
    return invoice
