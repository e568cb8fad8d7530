"""Posting rules of a company whose records say what they become: kinds that no rule of the product writes yet.

The first word of a memo names the kind of document, as in `credit_memo F7`. Behind a colon a bill payment names the
bill of the books that it pays, as in `bill_payment:45 F7`, and a tax code the agency that it is owed to. Everything
else about the document is what the product's own rule makes of the record, so that the engine, which gets the table as
a value, plans and sends nothing made up.
"""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    BillPayment,
    CreditMemo,
    Document,
    Estimate,
    PaidBy,
    PurchaseForm,
    PurchaseOrder,
    RefundReceipt,
    SalesForm,
    SalesReceipt,
    Settled,
    TaxCodeRecord,
    TaxRate,
    VendorCredit,
)
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.posting.context import NotPosted
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.rules import RULES, Rule, Rules
from blueops_qb.domain.records import Expense, Invoice
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey

K = BooksKind
Make = Callable[[Any, str, Lookup], Document]


def _shared(form: type[Any], document: Any) -> dict[str, Any]:
    return {field.name: getattr(document, field.name) for field in attrs.fields(form)}


def _sale(document: Any) -> dict[str, Any]:
    return _shared(SalesForm, document)


def _purchase(document: Any) -> dict[str, Any]:
    return _shared(PurchaseForm, document) | {"vendor": document.vendor}


def _receipt(document: Any, _: str, lookup: Lookup) -> Document:
    into = lookup.role("undeposited", where="where the money waits")
    return SalesReceipt(**_sale(document), deposit_to=into)


def _refund(document: Any, _: str, lookup: Lookup) -> Document:
    account = lookup.account(Family.MONEY_ACCOUNT, "checking", where="the account it was paid from")
    return RefundReceipt(**_sale(document), paid_from=account)


def _bill_payment(document: Any, bill: str, lookup: Lookup) -> Document:
    return BillPayment(
        vendor=document.vendor,
        date=document.date,
        number=document.number,
        amount=document.total,
        settles=(Settled(document=BooksRef(K.BILL, bill), amount=document.total),),
        paid_by=PaidBy.CHECK,
        account=lookup.account(Family.MONEY_ACCOUNT, "checking", where="the account it was paid from"),
        memo=document.memo,
    )


def _tax_code(document: Any, agency: str, _: Lookup) -> Document:
    """Named like the record's word; its one rate is the total in percent."""
    name = document.memo.split()[-1]
    rate = TaxRate(name=name, percent=document.total, agency=BooksRef(K.TAX_AGENCY, agency))
    return TaxCodeRecord(name=f"Code {name}", rates=(rate,))


#: What is made of the document that the product's rule gives.
MAKES: Mapping[BooksKind, Make] = {
    K.ESTIMATE: lambda document, _, __: Estimate(**_sale(document)),
    K.CREDIT_MEMO: lambda document, _, __: CreditMemo(**_sale(document)),
    K.SALES_RECEIPT: _receipt,
    K.REFUND_RECEIPT: _refund,
    K.BILL_PAYMENT: _bill_payment,
    K.VENDOR_CREDIT: lambda document, _, __: VendorCredit(**_purchase(document)),
    K.TAX_CODE: _tax_code,
    K.PURCHASE_ORDER: lambda document, _, __: PurchaseOrder(**_purchase(document)),
}


def _as_it_says(usual: Rule) -> Rule:
    def rule(record: Any, lookup: Lookup) -> Mapping[DocumentKey, Document] | NotPosted:
        documents = usual(record, lookup)
        named, _, detail = record.memo.partition(" ")[0].partition(":")
        make = MAKES.get(named)
        if make is None or isinstance(documents, NotPosted):
            return documents
        (document,) = documents.values()
        return {DocumentKey(record.ref): make(document, detail, lookup)}

    return rule


#: The product's rules, and for invoices and costs what their memo says.
OTHER_RULES: Rules = {
    **RULES,
    Invoice: _as_it_says(RULES[Invoice]),
    Expense: _as_it_says(RULES[Expense]),
}
