"""Mirror traits: the columns by which an invoice, payment or customer of the books is looked up in the mirror."""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.documents import CustomerPayment, CustomerRecord, Document, SalesInvoice
from blueops_qb.domain.match_traits import Traits, traits_of
from blueops_qb.domain.refs import id_in_books
from blueops_qb.engine.match_sides import their_invoice, their_payment


def columns_of(books_id: str, document: Document | None) -> dict[str, Any]:
    """The columns of a record that shows this document; empty ones for what is void or looked up otherwise."""
    traits = Traits()
    match document:
        case CustomerRecord():
            traits = Traits(party=id_in_books(document.parent))
        case SalesInvoice(void=False):
            traits = traits_of(their_invoice(books_id, document))
        case CustomerPayment(void=False):
            traits = traits_of(their_payment(books_id, document))
    return {f"paper_{name}": value for name, value in attrs.asdict(traits).items()}
