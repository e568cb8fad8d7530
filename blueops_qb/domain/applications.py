"""Progress applications: what they bill and hold back, and what is wrong with one (accounting-treatments 7.1).

Case: application 1 of a contract over 500,000.00 completes 70,000.00, 10 % held back. Entry: Dr 1100 63,000.00, Dr 1150
7,000.00, Cr 4300 70,000.00; the release later is the same item above zero: Dr 1100, Cr 1150.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.domain.application_records import ProgressApplication, SovLine
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.sale_records import InvoiceLine, LineKind

#: The fee type of what is held back of a customer's bill, and its line in one.
RETAINAGE = "retainage"
BACK_CHARGE = "back_charge"
#: The service categories of contract work, where a line of the schedule names none.
ORIGINAL, CHANGE_ORDER = "sov_original", "change_order"


def completed(line: SovLine) -> Decimal:
    """What is completed and stored to date: G703 column G."""
    return line.previous + line.this_period + line.stored


def gross(line: SovLine) -> Decimal:
    """What this application bills of the line before retainage: G now less G of the application before."""
    return line.this_period + line.stored - line.stored_before


def retainage_to_date(application: ProgressApplication) -> Decimal:
    """What is held back to date: per line, to the cent, never above the cap and never below zero."""
    whole = max(sum((_held_back(line) for line in application.lines), ZERO), ZERO)
    return whole if application.retainage_cap is None else min(whole, application.retainage_cap)


def withheld(application: ProgressApplication) -> Decimal:
    """What this application holds back; below zero where the rate or the cap gives something free."""
    return retainage_to_date(application) - application.retainage_before if application.lines else ZERO


def lines_of(application: ProgressApplication) -> tuple[InvoiceLine, ...]:
    """The lines of its invoice: contract work and change orders, then what is held back or released."""
    return (*(_work(line) for line in application.lines if gross(line)), *_rest(application))


def faults(application: ProgressApplication) -> Iterator[str]:
    """What is wrong with it, as ends of a sentence about the invoice."""
    if application.number < 1:
        yield f"is application {application.number}; they count from 1"
    if not application.lines and not application.release:
        yield "is an application without a schedule of values and without a release"
    ids = [line.sov_line_id for line in application.lines]
    if "" in ids or len(set(ids)) != len(ids):
        yield "has lines of the schedule of values without an id of their own"
    if application.lines:
        yield from _contract(application)
    for line in application.lines:
        yield from _line(line)
    yield from _held(application)


def _held_back(line: SovLine) -> Decimal:
    stored = (
        line.retainage_percent if line.retainage_percent_stored is None else line.retainage_percent_stored
    )
    return half_up(
        (line.previous + line.this_period) * line.retainage_percent / 100 + line.stored * stored / 100
    )


def _work(line: SovLine) -> InvoiceLine:
    amount = gross(line)
    words = line.description
    if line.change_order_id:
        words = f"{words} (change order {line.change_order_id})".strip()
    return InvoiceLine(
        line_id=line.sov_line_id,
        kind=LineKind.SERVICE,
        description=words,
        unit_price=amount,
        amount=amount,
        service_category=line.service_category or (CHANGE_ORDER if line.change_order_id else ORIGINAL),
        class_key=line.class_key,
    )


def _rest(application: ProgressApplication) -> Iterator[InvoiceLine]:
    held = withheld(application) - application.release
    if held:
        words = "Retainage withheld" if held > 0 else "Retainage released"
        yield _fee(RETAINAGE, RETAINAGE, -held, words)
    if application.back_charge:
        yield _fee(BACK_CHARGE, application.back_charge_key, -application.back_charge, "Back-charge")


def _fee(line_id: str, fee_type: str, amount: Decimal, words: str) -> InvoiceLine:
    return InvoiceLine(
        line_id=line_id,
        kind=LineKind.FEE,
        description=words,
        unit_price=amount,
        amount=amount,
        fee_type=fee_type,
    )


def _contract(application: ProgressApplication) -> Iterator[str]:
    scheduled = sum((line.scheduled for line in application.lines), ZERO)
    if scheduled != application.contract_sum:
        yield (
            f"has a schedule of values of {scheduled}, but a contract sum of {application.contract_sum} with approved "
            "change orders"
        )
    changes = sum((line.scheduled for line in application.lines if line.change_order_id), ZERO)
    if changes != application.approved_changes:
        yield (
            f"has change orders of {changes} in its schedule of values, but {application.approved_changes} of them "
            "are approved"
        )
    before = sum((line.previous + line.stored_before for line in application.lines), ZERO)
    certified = before - application.retainage_before
    if certified != application.previous_certificates:
        yield (
            f"says that earlier certificates came to {application.previous_certificates}, but its columns of earlier "
            f"applications less retainage come to {certified}"
        )


def _line(line: SovLine) -> Iterator[str]:
    name = f"line {line.sov_line_id}" + (f" “{line.description}”" if line.description else "")
    done = completed(line)
    low, high = min(line.scheduled, ZERO), max(line.scheduled, ZERO)
    if not low <= done <= high:
        yield f"completes {done} of {name}, which is scheduled at {line.scheduled}"
    for percent in (line.retainage_percent, line.retainage_percent_stored):
        if percent is not None and not 0 <= percent <= 100:
            yield f"holds back {percent} % of {name}"
    if line.stored < 0 < line.scheduled or line.stored_before < 0 < line.scheduled:
        yield f"has stored material below zero on {name}"


def _held(application: ProgressApplication) -> Iterator[str]:
    if application.release < 0 or application.back_charge < 0:
        yield "has a release or back-charge below zero"
    held = application.retainage_before + withheld(application)
    if application.release and application.release > held:
        yield f"releases {application.release} of the retainage, of which {held} is held back"
    if application.retainage_cap is not None and application.retainage_before > application.retainage_cap:
        yield (
            f"held back {application.retainage_before} before, above the cap of {application.retainage_cap}"
        )
