"""The person at QuickBooks: what is entered, corrected, voided, deleted and merged in its windows, at random."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from blueops_qb.sandbox.qbd.bookkeeper import Bookkeeper
from blueops_qb.sandbox.qbd.faults import Refusal
from blueops_qb.sandbox.qbd.values import is_true, money, ref_id
from blueops_qb.sandbox.reader.desktop_tables import text_of
from blueops_qb.sandbox.soak.closed import note_closing, some_day
from blueops_qb.sandbox.soak.coding import note_coding
from blueops_qb.sandbox.soak.desktop.file import ours
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.namesakes import customers_name
from blueops_qb.sandbox.soak.office import STREETS, NothingThere, amount, phone, today, young
from blueops_qb.sandbox.soak.witness import Obj

CENT = Decimal("0.01")
#: Members whose text BlueOps must have heard of, as it stands.
TOLD_TO_CORE = ("Name", "Email", "RefNumber")
#: A method of payment that no key leads to.
UNKNOWN = "American Express"
_HEAD = '<?xml version="1.0"?><?qbxml version="13.0"?>'


def there(w: DesktopWorld, kind: str, keep: Callable[[Obj], bool] = lambda _: True) -> Obj:
    """A record of the file, a late one more likely; raises NothingThere."""
    found = [
        raw
        for id, raw in w.company.records[kind].items()
        if (kind, id) not in w.witness.before and (kind, id) not in w.theirs_only and keep(raw)
    ]
    return young(w, found)


@contextmanager
def acting(w: DesktopWorld) -> Iterator[Bookkeeper]:
    """The person, whose acts the witness knows as theirs."""
    with w.witness.people():
        yield w.person


def ask(w: DesktopWorld, request: str) -> ElementTree.Element:
    """One request of the person's own, as a window makes it; raises Refusal."""
    with w.witness.people(), w.untroubled():
        told = w.file.processor.process(
            w.file.session(),
            f'{_HEAD}<QBXML><QBXMLMsgsRq onError="stopOnError">{request}</QBXMLMsgsRq></QBXML>',
        )
    (answer,) = ElementTree.fromstring(told)[0]
    code = answer.get("statusCode", "")
    if code != "0":
        raise Refusal(int(code), answer.get("statusMessage", ""))
    (record,) = answer
    return record


def enter(w: DesktopWorld, kind: str, members: str) -> str:
    """Enter a record; answers its id."""
    raw = ask(w, f"<{kind}AddRq><{kind}Add>{members}</{kind}Add></{kind}AddRq>")
    return text_of(raw, "ListID") or text_of(raw, "TxnID")


def change(w: DesktopWorld, kind: str, raw: Obj, members: str) -> str:
    """Change a document by what its window sends."""
    head = f"<TxnID>{raw['TxnID']}</TxnID><EditSequence>{raw['EditSequence']}</EditSequence>"
    ask(w, f"<{kind}ModRq><{kind}Mod>{head}{members}</{kind}Mod></{kind}ModRq>")
    return f"{kind} {raw['TxnID']}"


def edit(w: DesktopWorld, kind: str, raw: Obj, changes: Obj) -> str:
    """Change members of a record as they are kept; raises Refusal where the period is closed."""
    id = str(raw.get("ListID") or raw["TxnID"])
    if "TxnDate" in raw and w.company.closing_date and raw["TxnDate"] <= w.company.closing_date:
        raise Refusal(3171, "the period is closed")
    with acting(w) as person:
        person.edit(kind, id, changes)
    for field in TOLD_TO_CORE:
        if field in changes:
            w.witness.written[(kind, id), field] = str(changes[field])
    return f"{kind} {id} {sorted(changes)}"


def is_live(raw: Obj) -> bool:
    """A document that is not void."""
    return "_Void" not in raw


def _is_active(raw: Obj) -> bool:
    return is_true(raw, "IsActive", default=True)


def _is_job(raw: Obj) -> bool:
    return bool(ref_id(raw, "ParentRef"))


# -- parties -----------------------------------------------------------------------------------------
def enter_customer(w: DesktopWorld) -> str:
    """A customer whom BlueOps does not know."""
    name = f"Found {w.count()}"
    return f"Customer {enter(w, 'Customer', f'<Name>{name}</Name><Phone>{phone(w)}</Phone>')} {name}"


def enter_job(w: DesktopWorld) -> str:
    """A job below a customer."""
    parent = there(w, "Customer", lambda raw: _is_active(raw) and not _is_job(raw))
    name = f"Found job {w.count()}"
    members = f"<Name>{name}</Name><ParentRef><ListID>{parent['ListID']}</ListID></ParentRef>"
    return f"Customer {enter(w, 'Customer', members)} {name} of {parent['ListID']}"


def change_customer(w: DesktopWorld) -> str:
    """One thing about a customer or job."""
    raw = there(w, "Customer", _is_active)
    n = w.count()
    street = {"Addr1": w.chance.choice(STREETS), "City": "Reno", "State": "NV", "PostalCode": "89501"}
    if _is_job(raw):
        choices: tuple[Obj, ...] = ({"ShipAddress": street}, {"Name": f"Found job {n}"})
    else:
        choices = (
            {"Phone": phone(w)},
            {"Email": f"b{n}@example.com"},
            {"BillAddress": street},
            _renamed(raw, "Name", f"Found {n}"),
            _renamed(raw, "CompanyName", f"Found company {n}"),
            {"Notes": f"called {n}"},
        )
    return edit(w, "Customer", raw, w.chance.choice(choices))


def _renamed(raw: Obj, member: str, name: str) -> Obj:
    """Another name, also above the address: what stands there else is taken for a line of the street."""
    block = raw.get("BillAddress", {})
    above = block.get("Addr1") and block["Addr1"] in (raw["Name"], raw.get("CompanyName"))
    return {member: name} | ({"BillAddress": {**block, "Addr1": name}} if above else {})


def change_vendor(w: DesktopWorld) -> str:
    """Phone or name of a vendor."""
    raw = there(w, "Vendor", _is_active)
    return edit(
        w, "Vendor", raw, w.chance.choice(({"Phone": phone(w)}, {"Name": f"Found vendor {w.count()}"}))
    )


def retire(w: DesktopWorld) -> str:
    """Make a customer or vendor inactive, or active again."""
    kind = w.chance.choice(("Customer", "Vendor"))
    raw = there(w, kind)
    return edit(w, kind, raw, {"IsActive": "false" if _is_active(raw) else "true"})


def merge(w: DesktopWorld) -> str:
    """Two customers or vendors become one."""
    kind = w.chance.choice(("Customer", "Customer", "Vendor"))
    keep = there(w, kind, _is_active)
    children = {ref_id(raw, "ParentRef") for raw in w.company.records[kind].values()}
    lose = there(
        w,
        kind,
        lambda raw: (
            _is_active(raw)
            and raw["ListID"] != keep["ListID"]
            and raw.get("ParentRef") == keep.get("ParentRef")
            and raw["ListID"] not in children
        ),
    )
    with acting(w) as person:
        person.merge(kind, lose["ListID"], keep["ListID"])
    return f"{kind} {lose['ListID']} into {keep['ListID']}"


# -- documents ---------------------------------------------------------------------------------------
def change_invoice(w: DesktopWorld) -> str:
    """A price, or the due date, of an invoice."""
    raw = there(w, "Invoice", is_live)
    if w.chance.random() < 0.4:
        return change(
            w, "Invoice", raw, f"<DueDate>{(today(w) + dt.timedelta(days=60)).isoformat()}</DueDate>"
        )
    sold = [line for line in raw["Lines"] if money(line.get("Amount")) > 0]
    if not sold:
        raise NothingThere
    chosen = w.chance.choice(sold)
    price = amount(w)
    lines = "".join(
        f"<InvoiceLineMod><TxnLineID>{line['TxnLineID']}</TxnLineID>"
        + (f"<Quantity>1</Quantity><Rate>{price}</Rate>" if line is chosen else "")
        + "</InvoiceLineMod>"
        for line in raw["Lines"]
    )
    return change(w, "Invoice", raw, lines)


def void_document(w: DesktopWorld) -> str:
    """An invoice or a payment."""
    kind = w.chance.choice(("Invoice", "ReceivePayment", "ReceivePayment"))
    raw = there(w, kind, is_live)
    with acting(w) as person:
        person.void(kind, raw["TxnID"])
    return f"{kind} {raw['TxnID']}"


def delete_document(w: DesktopWorld) -> str:
    """A document of any kind."""
    kind = w.chance.choice(
        ("Invoice", "ReceivePayment", "ReceivePayment", "Bill", "Check", "CreditCardCharge", "Deposit")
    )
    raw = there(w, kind)
    with acting(w) as person:
        person.delete(kind, raw["TxnID"])
    return f"{kind} {raw['TxnID']}"


def receive_payment(w: DesktopWorld) -> str:
    """A check that came by mail, for one to three open invoices of a customer, sometimes for more than they are.

    Now and then the method is left blank, or is one that no key of BlueOps leads to.
    """
    open_ = {id: rest for id, rest in open_invoices(w).items() if rest > 0}
    first = there(w, "Invoice", lambda raw: raw["TxnID"] in open_)
    customer = ref_id(first, "CustomerRef")
    found = [id for id in open_ if ref_id(w.company.records["Invoice"][id], "CustomerRef") == customer]
    w.chance.shuffle(found)
    parts = {
        id: open_[id] if w.chance.random() < 0.7 else max(CENT, (open_[id] / 4).quantize(CENT))
        for id in found[: w.chance.randint(1, 3)]
    }
    over = amount(w, 100, 3_000) if w.chance.random() < 0.15 else Decimal("0.00")
    number, total = f"B{w.count()}", sum(parts.values(), over)
    applied = "".join(
        f"<AppliedToTxnAdd><TxnID>{id}</TxnID><PaymentAmount>{part}</PaymentAmount></AppliedToTxnAdd>"
        for id, part in parts.items()
    )
    method = w.chance.choice(("Check",) * 6 + ("", UNKNOWN))
    told = f"<PaymentMethodRef><FullName>{method}</FullName></PaymentMethodRef>" if method else ""
    id = enter(
        w,
        "ReceivePayment",
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef><TxnDate>{today(w).isoformat()}</TxnDate>"
        f"<RefNumber>{number}</RefNumber><TotalAmount>{total}</TotalAmount>"
        f"{told}{applied}",
    )
    w.methods[id] = method
    return f"ReceivePayment {id} {number} {total}"


def open_invoices(w: DesktopWorld) -> dict[str, Decimal]:
    """What each invoice has left, by what payments say of it."""
    found = {
        id: money(raw.get("Subtotal")) + money(raw.get("SalesTaxTotal"))
        for id, raw in w.company.records["Invoice"].items()
    }
    for raw in w.company.records["ReceivePayment"].values():
        for part in raw.get("_Applied", ()):
            if part["TxnID"] in found:
                credits = (money(one["AppliedAmount"]) for one in part.get("SetCredit", ()))
                paid = money(part.get("PaymentAmount")) + money(part.get("DiscountAmount"))
                found[part["TxnID"]] -= sum(credits, paid)
    return found


def change_payment(w: DesktopWorld) -> str:
    """Reference, or taken off one of its invoices."""
    raw = there(w, "ReceivePayment", is_live)
    applied = raw.get("_Applied", [])
    if applied and w.chance.random() < 0.5:
        gone = w.chance.choice(applied)["TxnID"]
        members = (
            f"<AppliedToTxnMod><TxnID>{gone}</TxnID><PaymentAmount>0.00</PaymentAmount></AppliedToTxnMod>"
        )
        return f"{change(w, 'ReceivePayment', raw, members)} off {gone}"
    number = f"B{w.count()}"
    said = change(w, "ReceivePayment", raw, f"<RefNumber>{number}</RefNumber>")
    w.witness.written[("ReceivePayment", raw["TxnID"]), "RefNumber"] = number
    return f"{said} {number}"


def bank(w: DesktopWorld) -> str:
    """A payment is taken to the bank in the books; BlueOps has a payout of it then, if it has the payment."""
    undeposited = w.company.special_account("UndepositedFunds")
    waiting = there(
        w,
        "ReceivePayment",
        lambda raw: (
            is_live(raw)
            and raw["TxnID"] not in w.company.deposited
            and ref_id(raw, "DepositToAccountRef") == undeposited
        ),
    )
    id = enter(
        w,
        "Deposit",
        f"<TxnDate>{today(w).isoformat()}</TxnDate><DepositToAccountRef><FullName>Operating Checking</FullName>"
        f"</DepositToAccountRef><DepositLineAdd><PaymentTxnID>{waiting['TxnID']}</PaymentTxnID></DepositLineAdd>",
    )
    w.theirs_only.add(("Deposit", id))
    return f"Deposit {id} of payment {waiting['TxnID']}"


# -- his own -----------------------------------------------------------------------------------------
def _own(w: DesktopWorld, kind: str, members: str) -> str:
    id = enter(w, kind, members)
    w.keep_apart(kind, id)
    return f"{kind} {id}"


def enter_invoice(w: DesktopWorld) -> str:
    """An invoice that BlueOps did not raise."""
    customer = there(w, "Customer", _is_active)
    n = w.count()
    return _own(
        w,
        "Invoice",
        f"<CustomerRef><ListID>{customer['ListID']}</ListID></CustomerRef>"
        f"<TxnDate>{today(w).isoformat()}</TxnDate><RefNumber>QB{n}</RefNumber><InvoiceLineAdd>"
        f"<ItemRef><FullName>Repair</FullName></ItemRef><Desc>Own work {n}</Desc>"
        f"<Amount>{amount(w)}</Amount></InvoiceLineAdd>",
    )


def _cost_line(w: DesktopWorld, n: int) -> str:
    account = w.chance.choice(("Job Materials", "Subcontractors", "Equipment Rental", "Fuel", "Tools"))
    return (
        f"<ExpenseLineAdd><AccountRef><FullName>{escape(account)}</FullName></AccountRef>"
        f"<Amount>{amount(w)}</Amount><Memo>Own cost {n}</Memo></ExpenseLineAdd>"
    )


def enter_bill(w: DesktopWorld) -> str:
    """A bill that BlueOps did not record."""
    vendor = there(w, "Vendor", _is_active)
    n = w.count()
    return _own(
        w,
        "Bill",
        f"<VendorRef><ListID>{vendor['ListID']}</ListID></VendorRef><TxnDate>{today(w).isoformat()}</TxnDate>"
        f"<RefNumber>QV{n}</RefNumber>{_cost_line(w, n)}",
    )


def enter_check(w: DesktopWorld) -> str:
    """A check that BlueOps did not record."""
    vendor = there(w, "Vendor", _is_active)
    n = w.count()
    return _own(
        w,
        "Check",
        "<AccountRef><FullName>Operating Checking</FullName></AccountRef>"
        f"<PayeeEntityRef><ListID>{vendor['ListID']}</ListID></PayeeEntityRef><RefNumber>QP{n}</RefNumber>"
        f"<TxnDate>{today(w).isoformat()}</TxnDate>{_cost_line(w, n)}",
    )


def take_name(w: DesktopWorld) -> str:
    """A vendor of his own with the name of a customer of BlueOps, who may be on his way."""
    name = customers_name(w)
    return f"{_own(w, 'Vendor', f'<Name>{escape(name)}</Name>')} {name}"


def recode(w: DesktopWorld) -> str:
    """Another account or amount on a line of a cost."""
    kind = w.chance.choice(("Bill", "Check", "CreditCardCharge"))
    raw = there(w, kind, is_live)
    lines = raw.get("ExpenseLineRet", [])
    if not lines:
        raise NothingThere
    chosen, number = w.chance.choice(lines), ""
    had = str(w.company.records["Account"][ref_id(chosen, "AccountRef")].get("AccountNumber"))
    if w.chance.random() < 0.6:
        number = w.chance.choice(sorted(w.chart.expenses.values()))
        (account,) = (
            id for id, one in w.company.records["Account"].items() if one.get("AccountNumber") == number
        )
        what = f"<AccountRef><ListID>{account}</ListID></AccountRef>"
    else:
        what = f"<Amount>{amount(w)}</Amount>"
    members = "".join(
        f"<ExpenseLineMod><TxnLineID>{line['TxnLineID']}</TxnLineID>{what if line is chosen else ''}</ExpenseLineMod>"
        for line in lines
    )
    said = change(w, kind, raw, members)
    if number:
        note_coding(w, ours(raw), str(chosen.get("Memo", "")), number, before=had)
    return f"{said} {number or what}"


def move_closing_date(w: DesktopWorld) -> str:
    """Close the books up to some day, or open them again."""
    day = some_day(w)
    with acting(w) as person:
        person.close_books(day)
    return note_closing(w, day)
