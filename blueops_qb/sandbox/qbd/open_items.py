"""What is open: documents that wait for money, and money that waits for a document."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.messages_purchases import EXPENSES
from blueops_qb.sandbox.qbd.reading import LINES, TAG
from blueops_qb.sandbox.qbd.values import Obj, is_true, money, ref_id

RECEIVABLE, PAYABLE = "AccountsReceivable", "AccountsPayable"


@attrs.frozen(kw_only=True)
class Claim:
    """What a transaction does to one party's account: ``amount`` positive waits for money, negative is a credit."""

    side: str
    party: str
    account: str
    amount: Decimal


def sales_total(record: Obj) -> Decimal:
    """The total of a sales form: lines and tax."""
    return money(record.get("Subtotal")) + money(record.get("SalesTaxTotal"))


def claim_of(company: Company, kind: str, record: Obj) -> Claim | None:
    """The claim that a transaction makes or settles; None where it makes none."""
    match kind:
        case "Invoice" | "CreditMemo":
            if is_true(record, "IsPending"):
                return None
            sign = 1 if kind == "Invoice" else -1
            return _receivable(record, sign * sales_total(record))
        case "ReceivePayment":
            return _receivable(record, -money(record.get("TotalAmount")))
        case "ARRefundCreditCard":
            return _receivable(record, money(record.get("TotalAmount")))
        case "Bill" | "VendorCredit":
            amount = money(record["AmountDue"]) if kind == "Bill" else -money(record["CreditAmount"])
            return Claim(
                side=PAYABLE,
                party=ref_id(record, "VendorRef"),
                account=ref_id(record, "APAccountRef"),
                amount=amount,
            )
        case "BillPaymentCheck" | "BillPaymentCreditCard":
            return Claim(
                side=PAYABLE,
                party=ref_id(record, "PayeeEntityRef"),
                account=ref_id(record, "APAccountRef"),
                amount=-money(record.get("Amount")),
            )
        case "JournalEntry":
            return _of_lines(company, _journal_lines(record))
        case "Check":
            payee = ref_id(record, "PayeeEntityRef")
            return _of_lines(
                company,
                (
                    (
                        ref_id(line, "AccountRef"),
                        ref_id(line, "CustomerRef") or payee,
                        money(line.get("Amount")),
                    )
                    for line in record.get(EXPENSES, [])
                ),
            )
        case "Deposit":
            return _of_lines(
                company,
                (
                    (ref_id(line, "AccountRef"), ref_id(line, "EntityRef"), -money(line.get("Amount")))
                    for line in record.get("DepositLineRet", [])
                ),
            )
    return None


def _receivable(record: Obj, amount: Decimal) -> Claim:
    return Claim(
        side=RECEIVABLE,
        party=ref_id(record, "CustomerRef"),
        account=ref_id(record, "ARAccountRef"),
        amount=amount,
    )


def _journal_lines(record: Obj) -> Iterator[tuple[str, str, Decimal]]:
    for line in record.get(LINES, []):
        sign = 1 if line[TAG] == "JournalDebitLine" else -1
        yield ref_id(line, "AccountRef"), ref_id(line, "EntityRef"), sign * money(line.get("Amount"))


def _of_lines(company: Company, lines: Iterator[tuple[str, str, Decimal]]) -> Claim | None:
    # Amounts are debits; a debit to receivables waits for money, a debit to payables is a credit.
    for account, party, debit in lines:
        side = company.records["Account"].get(account, {}).get("AccountType", "")
        if side in (RECEIVABLE, PAYABLE):
            return Claim(
                side=side, party=party, account=account, amount=debit if side == RECEIVABLE else -debit
            )
    return None


def settled(company: Company, identity: str) -> Decimal:
    """What payments, credits and discounts have taken off a document."""
    return sum((part.amount + part.discount for part in company.settled.get(identity, [])), ZERO)


def spent(company: Company, identity: str) -> Decimal:
    """What of a payment or credit has been used up."""
    return sum((part.amount for part in company.spent.get(identity, [])), ZERO)


def remaining(company: Company, kind: str, record: Obj) -> Decimal:
    """What is still open: of a document positive, of a credit or payment as well; 0.00 where there is no claim."""
    claim = claim_of(company, kind, record)
    if claim is None:
        return ZERO
    identity = record["TxnID"]
    return (
        claim.amount - settled(company, identity)
        if claim.amount > 0
        else -claim.amount - spent(company, identity)
    )


def open_claims(company: Company, side: str, parties: set[str]) -> Iterator[tuple[str, Obj, Claim, Decimal]]:
    """Open documents and credits of these parties, oldest first: kind, record, claim, what remains."""
    found = []
    keys = [key for party in parties for key in company.claims[party].items()]
    for identity, kind in keys:
        record = company.records[kind][identity]
        claim = claim_of(company, kind, record)
        if claim is not None and claim.side == side:
            rest = remaining(company, kind, record)
            if rest > 0:
                found.append((kind, record, claim, rest))
    yield from sorted(
        found, key=lambda row: (row[1]["TxnDate"], row[1]["TimeCreated"], int(row[1]["TxnNumber"]))
    )
