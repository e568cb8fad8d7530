"""Books' tax: in tax mode A, tax and total of an invoice are the books' to say, and BlueOps is told of them."""

from __future__ import annotations

from typing import Any

from blueops_qb.domain.documents import SalesInvoice, TaxMode
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import SetInvoiceTax


def tell_core_tax(turn: Turn, ready: Ready, record: Any) -> None:
    """In tax mode A, tax and total are the books' to say and go back to core."""
    sent, shown = ready.document, record.document
    if not isinstance(sent, SalesInvoice) or not isinstance(shown, SalesInvoice):
        return
    if sent.tax_mode is not TaxMode.BOOKS or sent.void or shown.tax is None or shown.total is None:
        return
    assert ready.source is not None
    change = SetInvoiceTax(invoice_id=ready.source.id, tax=str(shown.tax), total=str(shown.total))
    key = f"{turn.id}:tax:{ready.source.id}:{record.version}"
    turn.tx.apply(change, expected_revision=None, key=key)
