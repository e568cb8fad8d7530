"""Rules that every sales form follows: defaults, e-mail, lines, tax, total and postings (reference section 4.11)."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import sales, tax
from blueops_qb.sandbox.qbo.charges import check_billing
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.custom_fields import complete_custom_fields
from blueops_qb.sandbox.qbo.draft import HOME, Draft, positive
from blueops_qb.sandbox.qbo.faults import business, missing
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

MOST_LINES, MOST_TAXED_LINES = 10_000, 750


def prepare_form(draft: Draft, *, print_status: str = "NeedToPrint") -> None:
    """Complete the members that all sales forms have, up to TotalAmt; raises Fault."""
    new, company = draft.new, draft.company
    _take_from_customer(draft)
    draft.default("EmailStatus", "NotSet")
    draft.default("PrintStatus", print_status)
    draft.default("ApplyTaxAfterDiscount", False)
    draft.default("CurrencyRef", dict(HOME))
    if new["EmailStatus"] == "NeedToSend" and not new.get("BillEmail", {}).get("Address"):
        raise missing("BillEmail")
    _drop_what_is_switched_off(draft)
    complete_custom_fields(draft)
    check_billing(draft)
    lines = [line for line in new["Line"] if line.get("DetailType") != sales.SUBTOTAL]
    if not lines:
        raise missing("Line")
    if len(lines) > MOST_LINES:
        raise business(f"the transaction has {len(lines)} lines; at most {MOST_LINES} are allowed", "Line")
    sales.prepare_lines(company, lines)
    shipping = [line for line in lines if sales.is_shipping(line)]
    discounts = [line for line in lines if line["DetailType"] == sales.DISCOUNT]
    items = [line for line in lines if line["DetailType"] != sales.DISCOUNT and not sales.is_shipping(line)]
    sales.fill_inline_subtotals(items)
    subtotal = sum((money(line.get("Amount")) for line in items), ZERO)
    discount = sum((sales.prepare_discount(company, line, subtotal) for line in discounts), ZERO)
    freight = sum((line["Amount"] for line in shipping), ZERO)
    taxed = sales.taxable(items)
    if new["ApplyTaxAfterDiscount"] and subtotal:
        taxed -= discount * taxed / subtotal
    base = cents(max(taxed + sales.taxable(shipping), ZERO))
    total_tax = tax.apply_tax(draft, taxable=base)
    if total_tax and len(lines) > MOST_TAXED_LINES:
        raise business(f"a taxed form has at most {MOST_TAXED_LINES} lines, not {len(lines)}", "Line")
    new["TotalAmt"] = positive(subtotal - discount + freight + total_tax, "The transaction amount")
    sales.number_lines(draft, items + discounts)
    shown = {"Amount": subtotal, "DetailType": sales.SUBTOTAL, sales.SUBTOTAL: {}}
    new["Line"] = [*items, shown, *discounts, *shipping]


def form_entries(
    company: Company, form: Obj, against: list[tuple[str, Decimal]], *, sign: int
) -> list[Entry]:
    """The postings of a form: what is ``against`` it (account, amount), and income, discount and tax.

    ``sign`` is 1 where the form sells (income on the credit side) and -1 where it takes a sale back.
    """
    customer, department = ref_id(form, "CustomerRef"), ref_id(form, "DepartmentRef")
    header_class = ref_id(form, "ClassRef")

    def entry(account: str, amount: Decimal, line: Obj | None = None, detail: Obj | None = None) -> Entry:
        return Entry(
            account=account,
            amount=amount * sign,
            customer=customer,
            class_id=ref_id(detail or {}, "ClassRef") or header_class,
            department=department,
            memo=str((line or {}).get("Description", "")),
        )

    entries = [entry(account, amount) for account, amount in against]
    for line in sales.item_lines(form["Line"]):
        detail = line[sales.ITEM]
        entries.append(entry(sales.posting_account(detail), -line["Amount"], line, detail))
    for line in form["Line"]:
        if line["DetailType"] == sales.DISCOUNT:
            detail = line[sales.DISCOUNT]
            entries.append(entry(ref_id(detail, "DiscountAccountRef"), line["Amount"], line, detail))
    total_tax = money(form["TxnTaxDetail"].get("TotalTax"))
    if total_tax:
        entries.append(entry(company.hidden.tax_account, -total_tax))
    return entries


def customer_of(draft: Draft) -> Obj:
    """The customer of the form; empty where the form names none."""
    identity = ref_id(draft.new, "CustomerRef")
    return draft.company.get("Customer", identity) if identity else {}


def _take_from_customer(draft: Draft) -> None:
    customer, old = customer_of(draft), draft.old
    moved = old is not None and ref_id(old, "CustomerRef") != customer.get("Id", "")
    if moved and old is not None and old["LinkedTxn"]:
        raise business("the customer of a form with linked transactions cannot change", "CustomerRef")
    for name in ("BillAddr", "ShipAddr"):
        draft.default(name, customer.get(name))
    draft.default("BillEmail", customer.get("PrimaryEmailAddr"))


def _drop_what_is_switched_off(draft: Draft) -> None:
    # What is switched off in the preferences is dropped without a word, as the service does.
    new, company = draft.new, draft.company
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    if not company.preference("AccountingInfoPrefs.ClassTrackingPerTxn"):
        new.pop("ClassRef", None)
    if not company.preference("SalesFormsPrefs.AllowShipping"):
        for name in ("ShipDate", "ShipMethodRef", "TrackingNum"):
            new.pop(name, None)
    sales.drop_line_classes(company, new["Line"])
