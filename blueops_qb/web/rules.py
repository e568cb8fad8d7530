"""Policy page: the switches of behaviour, each with what it means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.policy import ClosedPeriod, OverJobs, Overlap, Policy, Prepaid, PurchaseTax
from blueops_qb.domain.records import PermitPayer, TaxRounding
from blueops_qb.engine import rules_desk
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here, profile_words

pages = Blueprint("rules", __name__)
#: A document number has 21 characters at most; the prefix must leave room for the number itself.
LONGEST_PREFIX = 8
#: Knowledge older than three days says nothing about who has paid.
LONGEST_REMINDER_HOURS = 72
_MEANWHILE = "was changed by somebody else meanwhile; look at it again."


@attrs.frozen
class Option:
    """One value of a switch, and what it means."""

    value: Any
    label: str
    meaning: str = ""

    @property
    def text(self) -> str:
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return "" if self.value is None else str(getattr(self.value, "value", self.value))


#: The gaps in a tax that may be posted as rounding.
GAPS = (ZERO, Decimal("0.01"), Decimal("0.02"))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"“{text}” is not a day; write it as 2026-01-31 or leave it empty.") from None


def _gap(text: str) -> Decimal:
    gap = {"": ZERO, **{str(value): value for value in GAPS}}.get(text)
    if gap is None:
        raise ValueError(f"“{text}” is no gap; write one of {', '.join(map(str, GAPS))}.")
    return gap


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= LONGEST_REMINDER_HOURS):
        raise ValueError(f"“{text}” is no number of hours from 1 to {LONGEST_REMINDER_HOURS}.")
    return int(text)


def _prefix(text: str) -> str:
    if len(text) > LONGEST_PREFIX:
        raise ValueError(f"The beginning “{text}” has {len(text)} characters; use at most {LONGEST_PREFIX}.")
    if text and not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError(f"The beginning “{text}” may hold letters, digits and signs without spaces only.")
    return text


@attrs.frozen
class Switch:
    """One field of the policy as a question; without options, `free` reads the text or raises ValueError."""

    field: str
    question: str
    help: str
    options: tuple[Option, ...] = ()
    free: Callable[[str], Any] | None = None

    def read(self, text: str) -> Any:
        """The value that was entered; raises ValueError with a sentence."""
        if self.free is not None:
            return self.free(text)
        option = next((o for o in self.options if o.text == text), None)
        if option is None:
            raise ValueError(f"“{self.question}” has no answer; choose one.")
        return option.value


_OVERLAP = (
    Option(Overlap.ASK, "Ask me", "A conflict is shown; nothing is overwritten."),
    Option(Overlap.OURS, "BlueOps wins", "The books are changed to what BlueOps shows."),
    Option(Overlap.THEIRS, "The books win", "BlueOps takes over what the books show."),
)
_AS_BROAD = (Option(None, "As for all of them", "The answer above counts."), *_OVERLAP)


def _overlap(of: str, what: str, covers: str, options: tuple[Option, ...] = _AS_BROAD) -> Switch:
    """Who wins where both sides changed the same; the narrow ones follow the broad ones unless they say otherwise."""
    return Switch(f"{of}_overlap", f"{what} changed on both sides: who is right?", covers, options)


SWITCHES: tuple[Switch, ...] = (
    Switch(
        "tax_mode",
        "Who computes sales tax?",
        "Applies to invoices that are sent from now on; old ones keep the way they were posted.",
        (
            Option(TaxMode.OURS, "BlueOps", "The tax on the invoice is sent and must come back unchanged."),
            Option(TaxMode.BOOKS, "The books", "They compute it; BlueOps takes tax and total over."),
            Option(TaxMode.NONE, "Nobody", "Sales tax is not used in the books; tax goes as a plain line."),
        ),
    ),
    Switch(
        "number_prefix",
        "What do invoice numbers begin with?",
        "Numbers under this beginning are ours alone, so they never collide with numbers given in the books.",
        free=_prefix,
    ),
    Switch(
        "closed_period",
        "What happens with a date in a closed period?",
        "The closing date is the one set in the books.",
        (
            Option(ClosedPeriod.HOLD, "Hold it", "It waits for you; nothing is dated differently."),
            Option(
                ClosedPeriod.REDATE,
                "Date it on the first open day",
                "The true date is kept in the memo.",
            ),
            Option(
                ClosedPeriod.ADJUST,
                "Correct it in the open period",
                "A changed invoice gets a credit memo and a new invoice; late records go to the first open day.",
            ),
            Option(ClosedPeriod.ASK, "Ask me for each", "It waits; you choose on the page of the record."),
        ),
    ),
    Switch(
        "redate_taxed",
        "May invoices with sales tax move out of a closed period?",
        "Their tax then falls into another period, so they wait unless you allow it.",
        (Option(False, "No, they wait"), Option(True, "Yes")),
    ),
    Switch(
        "prepaid",
        "What is a deposit before the work?",
        "Deposits keep the way in which they were posted.",
        (
            Option(Prepaid.LIABILITY, "A liability", "A line of the invoice uses it up."),
            Option(Prepaid.UNAPPLIED, "A payment that waits", "It is applied to the invoice."),
        ),
    ),
    Switch(
        "over_jobs",
        "How is one payment for several jobs written?",
        "QuickBooks may refuse a payment of the customer for his jobs; it is then split by itself.",
        (
            Option(OverJobs.PARENT, "As one payment of the customer"),
            Option(OverJobs.SPLIT, "As one payment per job"),
        ),
    ),
    Switch(
        "permit_payer",
        "In which role does the company pay for permits?",
        "A permit may say otherwise. Your accountant decides; what was posted stays as it is.",
        (
            Option(
                PermitPayer.PRINCIPAL, "In its own name", "A cost, and income where the customer pays for it."
            ),
            Option(
                PermitPayer.AGENT,
                "For the customer",
                "It is advanced and comes back; neither cost nor income.",
            ),
            Option(
                PermitPayer.HELD_FUNDS, "From the customer's money", "He gives it before the city is paid."
            ),
        ),
    ),
    Switch(
        "tax_rounding",
        "What do the books round sales tax on?",
        "BlueOps should round on the same; otherwise invoices may differ by cents.",
        (
            Option(TaxRounding.DOCUMENT, "On the whole invoice"),
            Option(TaxRounding.LINE, "On each line"),
            Option(TaxRounding.JURISDICTION, "On each authority's part"),
        ),
    ),
    Switch(
        "tax_gap",
        "Up to which gap in the tax is the difference posted as rounding?",
        "An amount of at most 0.02; 0.00 shows every difference. It goes to the item of fee type “rounding”.",
        free=_gap,
    ),
    Switch(
        "reminder_hours",
        "How many hours old may what BlueOps knows of the books be for a payment reminder to go out?",
        "A reminder waits while the books were last read longer ago: a payment may have come since.",
        free=_hours,
    ),
    Switch(
        "purchase_tax",
        "Where does sales tax on purchases go?",
        "Tax that you paid on materials and expenses.",
        (
            Option(PurchaseTax.IN_COST, "Into the cost", "Each line bears its share."),
            Option(PurchaseTax.OWN_LINE, "Onto a line of its own", "Map “purchase_tax” under Expenses."),
        ),
    ),
    Switch(
        "post_labor",
        "Post approved labor at burdened cost?",
        "Leave it off when payroll is costed in the books, or labor counts twice.",
        (Option(False, "No"), Option(True, "Yes", "As a journal entry against “labor applied”.")),
    ),
    Switch(
        "send_billable",
        "Mark costs as billable in the books?",
        "Leave it off when BlueOps invoices costs itself, or they are billed twice.",
        (Option(False, "No"), Option(True, "Yes")),
    ),
    Switch(
        "post_from",
        "From which date on are older records written?",
        "Records raised before the books were connected may be in them already, so they wait. Those dated on or "
        "after this day are written after all (write it as 2026-01-31; empty = none of them).",
        free=_day,
    ),
    _overlap("contacts", "Contacts", "Names, addresses, phones.", _OVERLAP),
    _overlap("money", "Amounts", "Invoices, payments, costs.", _OVERLAP),
    _overlap("name", "Names", "Name, company, given and family name of customers, jobs and vendors."),
    _overlap(
        "exemption", "Tax exemption", "Whether a customer pays sales tax, the reason and the certificate."
    ),
    _overlap("dates", "Dates", "Date, due date and terms of invoices, payments and costs."),
    _overlap("notes", "Notes", "Memo, e-mail address and place of work."),
    _overlap(
        "coding",
        "Location or class",
        "Of a whole document; the item, account and class of a line belong to its amounts.",
    ),
)


@pages.get("/policy")
@here.needs(Permission.VIEW)
def policy() -> str:
    """The policy as it stands."""
    with here.looking() as turn:
        return _page(turn, _texts(turn.policy))


@pages.post("/policy")
@here.needs(Permission.CONFIGURE)
def save() -> Response | tuple[str, int]:
    """Write a new version with the switches that were changed on the page; the others stay as they are now."""
    with here.acting() as turn:
        typed = _typed(_shown(turn))
        overtaken = _overtaken(turn, typed)
        problems, values = _read({field: text for field, text in typed.items() if field not in overtaken})
        problems = [
            *(f"“{switch.question}” {_MEANWHILE}" for switch in SWITCHES if switch.field in overtaken),
            *problems,
        ]
        wanted = attrs.evolve(turn.policy, **values)
        changed = not problems and wanted != turn.policy
        if changed:
            rules_desk.change_policy(turn, wanted, actor=here.caller().user)
    if problems:
        here.refuse("Nothing was saved. " + " ".join(problems))
        with here.looking() as turn:
            kept = {field: text for field, text in typed.items() if field not in overtaken}
            return _page(turn, {**_texts(turn.policy), **kept}), 422
    here.done(
        "The policy is saved. It counts for what is sent from now on; held records are tried again."
        if changed
        else "Nothing was different, so nothing was saved."
    )
    return redirect(url_for(".policy"), code=303)


def _page(turn: Turn, values: dict[str, str]) -> str:
    return render_template(
        "policy.html",
        title="Policy",
        switches=SWITCHES,
        values=values,
        version=turn.row["policy_version"],
        facts=[f for f in profile_words.facts(turn.profile, turn.policy) if f.warn],
        longest=LONGEST_PREFIX,
    )


def _texts(policy: Policy) -> dict[str, str]:
    return {s.field: Option(getattr(policy, s.field), "").text for s in SWITCHES}


# -- reading the form ----------------------------------------------------------------------------------
def _shown(turn: Turn) -> Policy:
    """The policy as it was when the page was made; versions never change once written."""
    try:
        version = int(request.form.get("version", ""))
    except ValueError:
        abort(400, "The form does not say which version of the policy it shows. Open the page again.")
    if not 0 <= version <= int(turn.row["policy_version"]):
        abort(400, "The form shows a version of the policy that does not exist. Open the page again.")
    return turn.rulebook.policy(turn.connection, turn.id, version)


def _typed(shown: Policy) -> dict[str, str]:
    """What was answered otherwise than the page showed it, by field; an answer that is missing counts as empty."""
    before = _texts(shown)
    answers = {switch.field: request.form.get(switch.field, "").strip() for switch in SWITCHES}
    return {field: text for field, text in answers.items() if text != before[field]}


def _overtaken(turn: Turn, typed: dict[str, str]) -> set[str]:
    """What somebody else has answered otherwise, too, since the page was made."""
    before, now = _texts(_shown(turn)), _texts(turn.policy)
    return {field for field, text in typed.items() if now[field] not in (before[field], text)}


def _read(typed: dict[str, str]) -> tuple[list[str], dict[str, Any]]:
    """What is wrong with what was typed, and its values."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for switch in SWITCHES:
        if switch.field not in typed:
            continue
        try:
            values[switch.field] = switch.read(typed[switch.field])
        except ValueError as problem:
            problems.append(str(problem))
    return problems, values
