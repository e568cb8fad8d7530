"""What each transaction posts: balanced entries, each with the id of the line it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

import attrs

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbd import items
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.messages_purchases import EXPENSES
from blueops_qb.sandbox.qbd.open_items import sales_total
from blueops_qb.sandbox.qbd.purchase_lines import flat_items
from blueops_qb.sandbox.qbd.reading import LINES, TAG
from blueops_qb.sandbox.qbd.sales_lines import flat, item_kind
from blueops_qb.sandbox.qbd.values import Obj, is_true, money, ref_id


@attrs.frozen(kw_only=True)
class Posting:
    """One entry; ``line`` is the TxnLineID it comes from, empty for the head of the form."""

    line: str
    entry: Entry


def postings(company: Company, kind: str, record: Obj) -> list[Posting]:
    """The entries of a transaction, its head first; none for a form that does not post."""
    rule = _RULES.get(kind)
    if rule is None or is_true(record, "IsPending"):
        return []
    return list(rule(company, record))


def _party(company: Company, identity: str, *, job: str = "") -> dict[str, str]:
    who: dict[str, str] = {}
    for one in (identity, job):
        name = {"Customer": "customer", "Vendor": "vendor", "Employee": "employee"}.get(
            company.kind_of.get(one, "")
        )
        if name:
            who[name] = one
    return who


def _post(account: str, amount: Decimal, *, line: str = "", of: Obj, who: dict[str, str]) -> Posting:
    entry = Entry(
        account=account,
        amount=amount,
        class_id=ref_id(of, "ClassRef"),
        memo=of.get("Memo") or of.get("Desc") or "",
        **who,
    )
    return Posting(line=line, entry=entry)


def _sale(kind: str, company: Company, record: Obj) -> Iterator[Posting]:
    sign = -1 if kind == "CreditMemo" else 1
    account = "DepositToAccountRef" if kind == "SalesReceipt" else "ARAccountRef"
    who = _party(company, ref_id(record, "CustomerRef"))
    yield _post(ref_id(record, account), sign * sales_total(record), of=record, who=who)
    for line in flat(record, kind):
        item = ref_id(line, "ItemRef")
        if not item or item_kind(company, line) == "ItemSubtotal":
            continue
        income = ref_id(line, "OverrideItemAccountRef") or items.account_of(company, item)
        yield _post(income, -sign * money(line.get("Amount")), line=line["TxnLineID"], of=line, who=who)
    for part in record.get("_Taxes", []):
        if not money(part["Amount"]):
            continue
        tax_item = company.records["ItemSalesTax"].get(ref_id(part, "TaxItem"), {})
        payable = company.special_account("SalesTaxPayable")
        of = {"Memo": tax_item.get("Name", ""), "ClassRef": record.get("ClassRef")}
        taxed = _post(payable, -sign * money(part["Amount"]), line="tax", of=of, who=who)
        vendor = ref_id(tax_item, "TaxVendorRef")
        yield attrs.evolve(taxed, entry=attrs.evolve(taxed.entry, vendor=vendor))


def _purchase(kind: str, company: Company, record: Obj) -> Iterator[Posting]:
    head, party, total = _PURCHASES[kind]
    sign = -1 if kind in ("VendorCredit", "CreditCardCredit") else 1
    payee = ref_id(record, party)
    who = _party(company, payee)
    yield _post(ref_id(record, head), -sign * money(record.get(total)), of=record, who=who)
    for line in record.get(EXPENSES, []):
        job = _party(company, payee, job=ref_id(line, "CustomerRef"))
        yield _post(
            ref_id(line, "AccountRef"),
            sign * money(line.get("Amount")),
            line=line["TxnLineID"],
            of=line,
            who=job,
        )
    for line in flat_items(record):
        item = ref_id(line, "ItemRef")
        if not item:
            continue
        account = ref_id(line, "OverrideItemAccountRef") or items.account_of(company, item, purchase=True)
        job = _party(company, payee, job=ref_id(line, "CustomerRef"))
        yield _post(account, sign * money(line.get("Amount")), line=line["TxnLineID"], of=line, who=job)


#: kind -> the account of the head, whom it is with, the total
_PURCHASES = {
    "Bill": ("APAccountRef", "VendorRef", "AmountDue"),
    "VendorCredit": ("APAccountRef", "VendorRef", "CreditAmount"),
    "Check": ("AccountRef", "PayeeEntityRef", "Amount"),
    "CreditCardCharge": ("AccountRef", "PayeeEntityRef", "Amount"),
    "CreditCardCredit": ("AccountRef", "PayeeEntityRef", "Amount"),
}


def _payment(kind: str, company: Company, record: Obj) -> Iterator[Posting]:
    head, against, party, total = _PAYMENTS[kind]
    sign = 1 if kind == "ReceivePayment" else -1
    who = _party(company, ref_id(record, party))
    paid = money(record.get(total))
    yield _post(ref_id(record, head), sign * paid, of=record, who=who)
    off = ZERO
    for applied in record.get("_Applied", []):
        discount = money(applied.get("DiscountAmount"))
        if discount:
            of = {"ClassRef": applied.get("DiscountClassRef"), "Memo": record.get("Memo", "")}
            account = ref_id(applied, "DiscountAccountRef")
            yield _post(account, sign * discount, line=applied["TxnID"], of=of, who=who)
            off += discount
    yield _post(ref_id(record, against), -sign * (paid + off), line="claim", of=record, who=who)


#: kind -> the account the money goes to or comes from, the account it settles, whom it is with, the total
_PAYMENTS = {
    "ReceivePayment": ("DepositToAccountRef", "ARAccountRef", "CustomerRef", "TotalAmount"),
    "BillPaymentCheck": ("BankAccountRef", "APAccountRef", "PayeeEntityRef", "Amount"),
    "BillPaymentCreditCard": ("CreditCardAccountRef", "APAccountRef", "PayeeEntityRef", "Amount"),
    "ARRefundCreditCard": ("RefundFromAccountRef", "ARAccountRef", "CustomerRef", "TotalAmount"),
}


def _deposit(company: Company, record: Obj) -> Iterator[Posting]:
    yield _post(ref_id(record, "DepositToAccountRef"), money(record["DepositTotal"]), of=record, who={})
    back = record.get("CashBackInfoRet")
    if back:
        yield _post(
            ref_id(back, "AccountRef"), money(back.get("Amount")), line=back["TxnLineID"], of=back, who={}
        )
    for line in record.get("DepositLineRet", []):
        who = _party(company, ref_id(line, "EntityRef"))
        yield _post(
            ref_id(line, "AccountRef"), -money(line.get("Amount")), line=line["TxnLineID"], of=line, who=who
        )


def _journal(company: Company, record: Obj) -> Iterator[Posting]:
    for line in record.get(LINES, []):
        sign = 1 if line[TAG] == "JournalDebitLine" else -1
        who = _party(company, ref_id(line, "EntityRef"))
        amount = sign * money(line.get("Amount"))
        yield _post(ref_id(line, "AccountRef"), amount, line=line["TxnLineID"], of=line, who=who)


_RULES: dict[str, Callable[[Company, Obj], Iterator[Posting]]] = {
    **{kind: partial(_sale, kind) for kind in ("Invoice", "CreditMemo", "SalesReceipt")},
    **{kind: partial(_purchase, kind) for kind in _PURCHASES},
    **{kind: partial(_payment, kind) for kind in _PAYMENTS},
    "Deposit": _deposit,
    "JournalEntry": _journal,
}
