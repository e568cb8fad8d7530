"""The lens on lines: what a line says, without what QuickBooks fills in, repeats or decides by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from blueops_qb.domain.documents import DepositLine, JournalLine, PurchaseLine, SalesLine
from blueops_qb.domain.money import half_up
from blueops_qb.providers.qbo.codec import cost_lines, sales_lines
from blueops_qb.providers.qbo.codec.members import rated, words


def sales(lines: Iterable[SalesLine], *, untaxed: bool) -> Iterator[SalesLine]:
    """Lines of a sale; blank ones go, and of a running subtotal only that it is one."""
    for line in lines:
        if not sales_lines.is_written(line):
            continue
        text = words(line.description)
        if line.item is None and not line.amount:
            # The running subtotal inside is computed over there.
            yield SalesLine(description="Subtotal:" if text.startswith("Subtotal:") else text)
            continue
        amount = half_up(line.amount)
        quantity, price = _product(line.quantity, line.unit_price, amount)
        yield SalesLine(
            item=line.item,
            description=text,
            quantity=quantity,
            unit_price=price,
            amount=amount,
            taxable=line.taxable and not untaxed,
            class_=line.class_,
        )


def costs(lines: Iterable[PurchaseLine]) -> Iterator[PurchaseLine]:
    """Lines of a cost; only item lines have a quantity over there."""
    for line in lines:
        amount = half_up(line.amount)
        if not cost_lines.is_written(line):
            continue
        quantity, price = (
            _product(line.quantity, line.unit_cost, amount) if line.item is not None else (None, None)
        )
        yield PurchaseLine(
            account=line.account,
            item=line.item,
            description=words(line.description),
            quantity=quantity,
            unit_cost=price,
            amount=amount,
            customer=line.customer,
            class_=line.class_,
        )


def posting(line: JournalLine) -> JournalLine:
    """A line of a journal entry."""
    return JournalLine(
        side=line.side,
        account=line.account,
        amount=half_up(line.amount),
        customer=line.customer,
        class_=line.class_,
        location=line.location,
        description=words(line.description),
    )


def deposited(line: DepositLine) -> DepositLine:
    """A line of a deposit; one that brings a payment says nothing else."""
    if line.payment is not None:
        return DepositLine(payment=line.payment, amount=half_up(line.amount))
    return DepositLine(account=line.account, amount=half_up(line.amount), description=words(line.description))


def _product(
    quantity: Decimal | None, price: Decimal | None, amount: Decimal
) -> tuple[Decimal, Decimal] | tuple[None, None]:
    product = rated(quantity, price, amount)
    if product is None or product[0] == 1 or not amount:
        return None, None
    return product
