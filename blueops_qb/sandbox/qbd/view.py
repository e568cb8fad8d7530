"""A record as an answer shows it: times with their offset, balances, links, custom data."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import custom_data, inventory, links, open_items
from blueops_qb.sandbox.qbd.addresses import with_blocks
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.kinds import DEBIT_TYPES, LIST_KINDS, TXN_KINDS
from blueops_qb.sandbox.qbd.messages_purchases import EXPENSES
from blueops_qb.sandbox.qbd.purchase_lines import flat_items
from blueops_qb.sandbox.qbd.reading import LINES
from blueops_qb.sandbox.qbd.values import Obj, amount_text, fine_text, money, price_text, ref_id

_TIMES = ("TimeCreated", "TimeModified", "TimeDeleted")
#: members that only come along where lines are asked for
_LINE_MEMBERS = (LINES, EXPENSES, "DepositLineRet", "AppliedToTxnRet", "RefundAppliedToTxnRet")


@attrs.frozen(kw_only=True)
class Detail:
    """What a caller wants to see of a transaction."""

    lines: bool = True
    linked: bool = False
    owners: tuple[str, ...] = ()


def list_view(company: Company, kind: str, record: Obj, *, owners: Collection[str] = ()) -> Obj:
    """A list member for an answer."""
    identity = record["ListID"]
    shown = {**record, **with_blocks(record), **_times(company, record)}
    if LIST_KINDS[kind].depth > 1:
        shown["FullName"] = company.full_name(identity)
        shown["Sublevel"] = str(company.level(identity))
    extra = _LIST_EXTRAS.get(kind)
    if extra is not None:
        shown |= extra(company, record)
    shown["DataExtRet"] = custom_data.values_of(company, identity, owners)
    return shown


def txn_view(company: Company, kind: str, record: Obj, detail: Detail) -> Obj:
    """A transaction for an answer."""
    shown = {**record, **with_blocks(record), **_times(company, record)}
    extra = _TXN_EXTRAS.get(kind)
    if extra is not None:
        shown |= extra(company, record)
    if detail.linked:
        shown["LinkedTxn"] = linked(company, kind, record)
    if not detail.lines:
        for name in _LINE_MEMBERS:
            shown.pop(name, None)
    shown["DataExtRet"] = custom_data.values_of(company, record["TxnID"], detail.owners)
    if detail.owners:
        for name in (LINES, EXPENSES):
            if name in shown:
                shown[name] = [
                    _with_data(company, record["TxnID"], line, detail.owners) for line in shown[name]
                ]
    return shown


def with_times(company: Company, record: Obj) -> Obj:
    """Any record with its times as QuickBooks writes them."""
    return {**record, **_times(company, record)}


def _with_data(company: Company, identity: str, line: Obj, owners: tuple[str, ...]) -> Obj:
    return {**line, "DataExtRet": custom_data.values_of(company, identity, owners, line=line["TxnLineID"])}


def _times(company: Company, record: Obj) -> Obj:
    return {name: company.clock.written(record[name]) for name in _TIMES if record.get(name)}


# --- lists ---


def customer_balance(company: Company, identity: str) -> Decimal:
    """What one customer or job owes."""
    return sum(
        (
            company.ledger.customer_balance(account, identity)
            for account, record in company.records["Account"].items()
            if record["AccountType"] == open_items.RECEIVABLE
        ),
        ZERO,
    )


def total_balance(company: Company, kind: str, identity: str) -> Decimal:
    """What a customer with its jobs owes, or what a vendor is owed."""
    if kind == "Customer":
        return sum((customer_balance(company, one) for one in company.under(identity)), ZERO)
    return -sum(
        (
            company.ledger.vendor_balance(account, identity)
            for account, record in company.records["Account"].items()
            if record["AccountType"] == open_items.PAYABLE
        ),
        ZERO,
    )


def _customer(company: Company, record: Obj) -> Obj:
    identity = record["ListID"]
    return {
        "Balance": amount_text(customer_balance(company, identity)),
        "TotalBalance": amount_text(total_balance(company, "Customer", identity)),
        "JobStatus": record.get("JobStatus", "None"),
    }


def _vendor(company: Company, record: Obj) -> Obj:
    return {
        "Balance": amount_text(total_balance(company, "Vendor", record["ListID"])),
        "IsVendorEligibleFor1099": record.get("IsVendorEligibleFor1099", "false"),
    }


def _account(company: Company, record: Obj) -> Obj:
    if record["AccountType"] == "NonPosting":
        return {}
    sign = 1 if record["AccountType"] in DEBIT_TYPES else -1
    own = sign * company.ledger.balance(record["ListID"])
    whole = sign * sum((company.ledger.balance(one) for one in company.under(record["ListID"])), ZERO)
    return {"Balance": amount_text(own), "TotalBalance": amount_text(whole)}


def _stock(company: Company, record: Obj) -> Obj:
    quantity, average = inventory.on_hand(company, record["ListID"])
    return {
        "QuantityOnHand": fine_text(quantity),
        "AverageCost": price_text(average),
        "QuantityOnOrder": fine_text(_on_order(company, record["ListID"])),
        "QuantityOnSalesOrder": "0",
    }


def _on_order(company: Company, item: str) -> Decimal:
    total = ZERO
    for identity, order in company.records["PurchaseOrder"].items():
        if order.get("IsManuallyClosed") == "true":
            continue
        taken = links.received(company, identity)
        for line in flat_items(order):
            if ref_id(line, "ItemRef") == item and line.get("IsManuallyClosed") != "true":
                total += Decimal(line.get("Quantity") or 0) - taken.get(line["TxnLineID"], ZERO)
    return total


_LIST_EXTRAS: dict[str, Callable[[Company, Obj], Obj]] = {
    "Customer": _customer,
    "Vendor": _vendor,
    "Account": _account,
    "ItemInventory": _stock,
}


# --- transactions ---


def _invoice(company: Company, record: Obj) -> Obj:
    whole = open_items.sales_total(record)
    applied = open_items.settled(company, record["TxnID"])
    rest = whole if record.get("IsPending") == "true" else whole - applied
    return {
        "AppliedAmount": amount_text(-applied),
        "BalanceRemaining": amount_text(rest),
        "IsPaid": "true" if not rest else "false",
    }


def _credit_memo(company: Company, record: Obj) -> Obj:
    return {"CreditRemaining": amount_text(open_items.remaining(company, "CreditMemo", record))}


def _bill(company: Company, record: Obj) -> Obj:
    rest = open_items.remaining(company, "Bill", record)
    return {"IsPaid": "true" if not rest else "false", "OpenAmount": amount_text(rest)}


def _vendor_credit(company: Company, record: Obj) -> Obj:
    return {"OpenAmount": amount_text(open_items.remaining(company, "VendorCredit", record))}


def _order(company: Company, record: Obj) -> Obj:
    taken = links.received(company, record["TxnID"])
    full = True
    lines = []
    for line in record[LINES]:
        members = line.get("PurchaseOrderLineRet")
        shown = (
            _ordered(line, taken)
            if members is None
            else {**line, "PurchaseOrderLineRet": [_ordered(one, taken) for one in members]}
        )
        lines.append(shown)
    for line in flat_items(record):
        full = full and taken.get(line["TxnLineID"], ZERO) >= Decimal(line.get("Quantity") or 0)
    return {LINES: lines, "IsFullyReceived": "true" if full else "false"}


def _ordered(line: Obj, taken: dict[str, Decimal]) -> Obj:
    got = taken.get(line["TxnLineID"], ZERO)
    left = Decimal(line.get("Quantity") or 0) - got
    return {
        "IsManuallyClosed": "false",
        **line,
        "ReceivedQuantity": fine_text(got),
        "UnbilledQuantity": fine_text(left),
        "IsBilled": "true" if left <= 0 else "false",
    }


def _payment(company: Company, record: Obj) -> Obj:
    applied = [_applied(company, row) for row in record.get("_Applied", [])]
    if company.kind_of[record["TxnID"]] != "ReceivePayment":
        return {"AppliedToTxnRet": applied}
    unused = money(record["TotalAmount"]) - open_items.spent(company, record["TxnID"])
    credits = sum(
        (
            rest
            for _, other, claim, rest in open_items.open_claims(
                company, open_items.RECEIVABLE, {ref_id(record, "CustomerRef")}
            )
            if claim.amount < 0 and other["TxnID"] != record["TxnID"]
        ),
        ZERO,
    )
    return {
        "AppliedToTxnRet": applied,
        "UnusedPayment": amount_text(unused),
        "UnusedCredits": amount_text(credits),
    }


def _applied(company: Company, row: Obj) -> Obj:
    kind = company.kind_of[row["TxnID"]]
    target = company.records[kind][row["TxnID"]]
    credits = [
        _link(company, one["CreditTxnID"], amount_text(money(one["AppliedAmount"])))
        for one in row.get("SetCredit", [])
    ]
    return {
        "TxnID": row["TxnID"],
        "TxnType": kind,
        "TxnDate": target["TxnDate"],
        "RefNumber": target.get("RefNumber", ""),
        "BalanceRemaining": amount_text(open_items.remaining(company, kind, target)),
        "Amount": amount_text(money(row.get("PaymentAmount"))),
        "DiscountAmount": row.get("DiscountAmount", ""),
        "DiscountAccountRef": row.get("DiscountAccountRef"),
        "DiscountClassRef": row.get("DiscountClassRef"),
        "LinkedTxn": credits,
    }


def _refund(company: Company, record: Obj) -> Obj:
    rows = []
    for one in record.get("_Refunds", []):
        source_kind = company.kind_of[one["TxnID"]]
        source = company.records[source_kind][one["TxnID"]]
        rows.append(
            {
                "TxnID": one["TxnID"],
                "TxnType": source_kind,
                "TxnDate": source["TxnDate"],
                "RefNumber": source.get("RefNumber", ""),
                "CreditRemaining": amount_text(open_items.remaining(company, source_kind, source)),
                "RefundAmount": one["RefundAmount"],
            }
        )
    return {"RefundAppliedToTxnRet": rows}


_TXN_EXTRAS: dict[str, Callable[[Company, Obj], Obj]] = {
    "Invoice": _invoice,
    "CreditMemo": _credit_memo,
    "Bill": _bill,
    "VendorCredit": _vendor_credit,
    "PurchaseOrder": _order,
    "ReceivePayment": _payment,
    "BillPaymentCheck": _payment,
    "BillPaymentCreditCard": _payment,
    "ARRefundCreditCard": _refund,
}


def linked(company: Company, kind: str, record: Obj) -> list[Obj]:
    """What a transaction is linked to: what settles it or what it settles, and from what or into what it was made."""
    identity = record["TxnID"]
    rows = []
    for part in company.settled.get(identity, []):
        other = part.source if part.source != identity else part.owner
        rows.append(_link(company, other, amount_text(-(part.amount + part.discount))))
    rows += [
        _link(company, part.target, amount_text(part.amount))
        for part in company.spent.get(identity, [])
        if part.target != identity
    ]
    made = {"Estimate": "Invoice", "PurchaseOrder": "Bill"}.get(kind, "")
    others = [source for source in record.get("_Links", []) if source in company.kind_of]
    others += [
        other
        for other, form in (company.records[made].items() if made else ())
        if identity in form.get("_Links", [])
    ]
    return rows + [_link(company, other, _total(company, other)) for other in others]


def _link(company: Company, identity: str, amount: str) -> Obj:
    kind = company.kind_of[identity]
    record = company.records[kind][identity]
    return {
        "TxnID": identity,
        "TxnType": kind,
        "TxnDate": record["TxnDate"],
        "RefNumber": record.get("RefNumber", ""),
        "LinkType": "AMTTYPE",
        "Amount": amount,
    }


def _total(company: Company, identity: str) -> str:
    kind = company.kind_of[identity]
    record = company.records[kind][identity]
    name = TXN_KINDS[kind].total
    return amount_text(money(record[name]) if name else open_items.sales_total(record))
