"""DocNumber rules per kind of transaction (reference/quickbooks-online.md section 4.16)."""

from __future__ import annotations

from collections.abc import Callable

from blueops_qb.sandbox.qbo.company import Company, number_key
from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

GENERATE = "AUTO_GENERATE"
ALLOW = "allowduplicatedocnum"
#: names in Preferences.OtherPrefs
_WARN_CHECKS = "WarnDuplicateCheckNumber"
_OWN_NUMBERS = "VendorAndPurchasesPrefs.UseCustomTxnNumbers"
#: kinds whose checks share one space of numbers
_CHECKS = ("Purchase", "BillPayment")
#: kinds for which a client may ask the company for a number
_GENERATED = ("Invoice", "Estimate", "SalesReceipt")


def number_sales_form(draft: Draft) -> None:
    """Give a sales form its number: the company counts, or the client's own number is stored.

    Estimates are counted apart, all other forms together.
    """
    own = bool(draft.company.preference("SalesFormsPrefs.CustomTxnNumbers"))
    sent = draft.sent.get("DocNumber")
    if (sent == GENERATE and draft.kind in _GENERATED) or (
        sent is None and not own and draft.created and "DocNumber" not in draft.cleared
    ):
        draft.new["DocNumber"] = _next_number(draft)
    elif sent is None and not own and draft.old is not None and "DocNumber" in draft.old:
        draft.default("DocNumber", draft.old["DocNumber"])
    if own and sent and draft.new["DocNumber"] == sent:
        _refuse_duplicate(draft)
    _count(draft)


def number_bill(draft: Draft) -> None:
    """The vendor's number: a second bill (or credit) of that vendor with it is refused."""
    vendor = ref_id(draft.new, "VendorRef")
    _refuse_duplicate(draft, same=lambda _, other: ref_id(other, "VendorRef") == vendor)


def number_purchase(draft: Draft) -> None:
    """Check numbers are guarded by their own preference, other expenses always."""
    kind = draft.new["PaymentType"]
    if kind == "Check":
        if _other(draft.company, _WARN_CHECKS) == "true":
            _refuse_duplicate(draft, same=_is_check, among=_CHECKS)
        return
    _count_up(draft)
    _refuse_duplicate(draft, same=lambda _, other: other["PaymentType"] == kind)


def number_bill_payment(draft: Draft) -> None:
    """A number is used once per kind of payment; checks share their numbers with those of purchases."""
    kind = draft.new["PayType"]
    _refuse_duplicate(draft, same=lambda _, other: other["PayType"] == kind)
    if kind == "Check" and _other(draft.company, _WARN_CHECKS) == "true":
        _refuse_duplicate(draft, same=_is_check, among=_CHECKS)


def number_order(draft: Draft) -> None:
    """Purchase orders are numbered by the company unless its own numbers for purchases are on."""
    _count_up(draft)
    _refuse_duplicate(draft)


def number_journal(draft: Draft) -> None:
    """Journal numbers are guarded by a preference."""
    if _other(draft.company, "WarnDuplicateJournalNumber") == "true":
        _refuse_duplicate(draft)


def _refuse_duplicate(
    draft: Draft, *, same: Callable[[str, Obj], bool] | None = None, among: tuple[str, ...] = ()
) -> None:
    number = draft.new.get("DocNumber")
    if not number or ALLOW in draft.include or not draft.company.hidden.warn_duplicate_number:
        return
    if draft.old is not None and draft.old.get("DocNumber") == number:
        return
    company, own = draft.company, (draft.kind, draft.new.get("Id"))
    for kind in among or (draft.kind,):
        for identity in sorted(company.numbers.get((kind, number_key(number)), ())):
            other = company.records[kind][identity]
            if (kind, identity) != own and (same is None or same(kind, other)):
                raise Fault(
                    "6140",
                    f"Duplicate Document Number Error : This number is already in use. DocNumber={number} is "
                    f"assigned to TxnType={kind} with TxnId={identity}",
                    "DocNumber",
                )


def _is_check(kind: str, other: Obj) -> bool:
    return bool(other["PaymentType" if kind == "Purchase" else "PayType"] == "Check")


def _count_up(draft: Draft) -> None:
    # As on sales forms: where the company counts, a number that is not sent is the highest so far plus one.
    if not draft.created or "DocNumber" in draft.new or "DocNumber" in draft.cleared:
        return
    if _other(draft.company, _OWN_NUMBERS) == "false":
        taken = [number for kind, number in draft.company.numbers if kind == draft.kind]
        highest = max(
            (int(number) for number in taken if number.isdigit() and len(number) < 10), default=1000
        )
        draft.new["DocNumber"] = str(highest + 1)


def _next_number(draft: Draft) -> str:
    hidden, kind = draft.company.hidden, draft.kind
    number = (hidden.last_estimate if kind == "Estimate" else hidden.last_number) + 1
    while draft.company.numbers.get((kind, str(number))):
        number += 1
    return str(number)


def _count(draft: Draft) -> None:
    number, hidden = str(draft.new.get("DocNumber", "")), draft.company.hidden
    if not number.isdigit() or len(number) >= 10:
        return
    if draft.kind == "Estimate":
        hidden.last_estimate = max(hidden.last_estimate, int(number))
    else:
        hidden.last_number = max(hidden.last_number, int(number))


def _other(company: Company, name: str) -> str:
    pairs = company.preferences.get("OtherPrefs", {}).get("NameValue", [])
    return next((str(pair["Value"]).lower() for pair in pairs if pair["Name"].endswith(name)), "")
