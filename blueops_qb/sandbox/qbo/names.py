"""Rules of named records: one pool of names for customers, vendors and employees; trees; inactivation.

Facts: reference/quickbooks-online.md sections 3, 4.4, 4.5 and 4.8.
"""

from __future__ import annotations

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo.company import DELETED, Company, pool_name
from blueops_qb.sandbox.qbo.draft import HOME, Draft
from blueops_qb.sandbox.qbo.faults import Fault, missing
from blueops_qb.sandbox.qbo.wire import Obj, money, ref_id

MAX_LEVELS = 5
_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
#: detail types of accounts that the books cannot do without
SYSTEM_SUBTYPES = (
    "AccountsReceivable",
    "AccountsPayable",
    "UndepositedFunds",
    "RetainedEarnings",
    "OpeningBalanceEquity",
)
#: most days, day of a month, percent
_TERM_LIMITS = {
    "DueDays": (0, 999),
    "DiscountDays": (0, 999),
    "DayOfMonthDue": (1, 31),
    "DiscountDayOfMonth": (1, 31),
    "DueNextMonthDays": (0, 999),
    "DiscountPercent": (0, 100),
}
_FORBIDDEN = {":", "\t", "\n", "\r"}


def prepare_customer(draft: Draft) -> None:
    """Complete a customer, sub-customer or job."""
    new, old = draft.new, draft.old
    _display_name(draft)
    if ref_id(new, "ParentRef"):
        new["Job"] = True
    elif new.get("Job"):
        raise Fault("6150", "A sub-customer or job (Job = true) needs a ParentRef.", "ParentRef")
    draft.default("Job", False)
    draft.default("BillWithParent", False)
    if not new["Job"]:
        new["BillWithParent"] = False
    if old is not None and old["BillWithParent"] != new["BillWithParent"] and _has_txns(draft):
        raise Fault("6130", "Cannot change whom the customer bills with once there are transactions.")
    place_in_tree(draft)
    new["IsProject"] = False
    new["Level"] = new["FullyQualifiedName"].count(":")
    exempt = "TaxExemptionReasonId" in new
    draft.default("Taxable", not exempt)
    if not new["Taxable"]:
        new.pop("DefaultTaxCodeRef", None)
    draft.default("PreferredDeliveryMethod", "None")
    new["Balance"] = money(old.get("Balance")) if old else ZERO
    _finish_name(draft)


def prepare_vendor(draft: Draft) -> None:
    """Complete a vendor."""
    _display_name(draft)
    draft.default("Vendor1099", False)
    draft.new["Balance"] = money(draft.old.get("Balance")) if draft.old else ZERO
    masked = draft.sent.get("TaxIdentifier", "")
    if masked.startswith("XXXXX") and draft.old is not None:
        draft.new["TaxIdentifier"] = draft.old.get("TaxIdentifier", masked)
    _finish_name(draft)


def prepare_employee(draft: Draft) -> None:
    """Complete an employee."""
    _display_name(draft)
    draft.default("BillableTime", False)
    _finish_name(draft)
    draft.new.pop("CurrencyRef", None)


def prepare_tree(draft: Draft) -> None:
    """Complete a class or a location."""
    check_name(draft, "Name", forbidden=":")
    place_in_tree(draft)
    below = "SubClass" if draft.kind == "Class" else "SubDepartment"
    draft.new[below] = bool(ref_id(draft.new, "ParentRef"))
    mark_active(draft, "Name", "FullyQualifiedName")


def prepare_listed(draft: Draft) -> None:
    """Complete a term, payment method or tax agency."""
    name = "DisplayName" if draft.kind == "TaxAgency" else "Name"
    check_name(draft, name)
    new = draft.new
    if draft.kind == "Term":
        _prepare_term(draft)
    elif draft.kind == "PaymentMethod":
        draft.default("Type", "NON_CREDIT_CARD")
    else:
        new["TaxTrackedOnSales"] = True
        draft.default("TaxTrackedOnPurchases", False)
        new["TaxAgencyConfig"] = "USER_DEFINED"
        return
    mark_active(draft, name)


def _prepare_term(draft: Draft) -> None:
    new, sent = draft.new, draft.sent
    for name, (least, most) in _TERM_LIMITS.items():
        if name in new and not least <= new[name] <= most:
            raise Fault("2240", f"{name} must be between {least} and {most}, not {new[name]}.", name)
    # One way of counting excludes the other; the one that was sent last wins.
    if "DayOfMonthDue" in sent and "DueDays" in sent:
        raise Fault("2600", "A term has DueDays or DayOfMonthDue, not both.", "DueDays")
    by_days, by_date = (
        ("DueDays", "DiscountDays"),
        ("DayOfMonthDue", "DueNextMonthDays", "DiscountDayOfMonth"),
    )
    for name in by_days if "DayOfMonthDue" in sent else by_date if "DueDays" in sent else ():
        new.pop(name, None)
    new["Type"] = "DATE_DRIVEN" if "DayOfMonthDue" in new else "STANDARD"
    if new["Type"] == "STANDARD":
        draft.default("DueDays", 0)


def check_name(draft: Draft, member: str, *, forbidden: str = "") -> None:
    """A name must be there, hold no forbidden character and be free within its list and parent (6240)."""
    name = str(draft.new[member]).strip()
    draft.new[member] = name
    if not name:
        raise missing(member)
    for mark in forbidden:
        if mark in name:
            raise Fault("2040", f"{member} must not hold {mark!r}: {name!r}", member)
    parent = ref_id(draft.new, "ParentRef")
    for other in draft.company.records[draft.kind].values():
        if other is draft.old or ref_id(other, "ParentRef") != parent:
            continue
        if pool_name(other[member]) == pool_name(name):
            raise Fault(
                "6240",
                f"The name supplied already exists. : {draft.kind} {other['Id']} is already named {name!r}.",
                member,
            )


def mark_active(draft: Draft, *members: str) -> None:
    """Apply the Active flag: names of inactive records end in `` (deleted)``."""
    draft.default("Active", True)
    for member in members:
        base = str(draft.new[member]).removesuffix(DELETED)
        draft.new[member] = base if draft.new["Active"] else base + DELETED


def rename_below(company: Company, kind: str, record: Obj) -> None:
    """After a rename or move: spell the qualified names of everything below anew."""
    for child_id in list(company.children.get((kind, record["Id"]), ())):
        child = company.records[kind][child_id]
        leaf = child.get("Name") or child["DisplayName"]
        full = f"{record['FullyQualifiedName']}:{leaf}"
        if child["FullyQualifiedName"] != full:
            child["FullyQualifiedName"] = full
            company.touch(kind, child_id)
            rename_below(company, kind, child)


def _display_name(draft: Draft) -> None:
    new = draft.new
    parts = [str(new[name]) for name in _PARTS if new.get(name)]
    shown = str(new.get("DisplayName") or " ".join(parts) or new.get("CompanyName") or "").strip()
    if not shown:
        raise Fault(
            "6080", "No name provided: DisplayName or one of the name parts must be given.", "DisplayName"
        )
    if _FORBIDDEN & set(shown):
        raise Fault("2040", f"DisplayName must not hold a colon, tab or line break: {shown!r}", "DisplayName")
    holder = draft.company.names.get(pool_name(shown))
    if holder is not None and holder != (draft.kind, new.get("Id", "")):
        raise Fault(
            "6240",
            "The name supplied already exists. : Another customer, vendor or employee is already using this "
            f"name. Please use a different name. ({holder[0]} {holder[1]})",
            "DisplayName",
        )
    new["DisplayName"] = shown.removesuffix(DELETED)
    draft.default("PrintOnCheckName", str(new.get("CompanyName") or new["DisplayName"])[:110])


def _finish_name(draft: Draft) -> None:
    draft.default("CurrencyRef", dict(HOME))
    members = ("DisplayName", "FullyQualifiedName") if "FullyQualifiedName" in draft.new else ("DisplayName",)
    was_active = draft.old is None or draft.old["Active"]
    mark_active(draft, *members)
    if was_active and not draft.new["Active"] and money(draft.new.get("Balance")):
        raise Fault(
            "6220",
            f"{draft.kind} {draft.new['DisplayName']!r} has an open balance of {draft.new['Balance']}; "
            "settle it before making the record inactive.",
        )
    if was_active and not draft.new["Active"] and _unbilled(draft):
        raise Fault(
            "6280",
            f"{draft.kind} {draft.new['DisplayName']!r} has billable expenses that are on no invoice yet.",
        )


def place_in_tree(draft: Draft) -> None:
    new = draft.new
    leaf = str(new.get("Name") or new["DisplayName"]).removesuffix(DELETED)
    parent_id = ref_id(new, "ParentRef")
    if not parent_id:
        new["FullyQualifiedName"] = leaf
        return
    if parent_id == new.get("Id"):
        raise Fault("900", f"{draft.kind} {parent_id} cannot be its own parent.", "ParentRef")
    parent = draft.company.find(draft.kind, parent_id)
    if parent is None:
        raise Fault("700", f"The parent {parent_id} is no {draft.kind}.", "ParentRef")
    above: Obj | None = parent
    while above is not None:
        if above["Id"] == new.get("Id"):
            raise Fault("900", f"{draft.kind} {above['Id']} would be below itself.", "ParentRef")
        above = draft.company.find(draft.kind, ref_id(above, "ParentRef"))
    full = f"{str(parent['FullyQualifiedName']).removesuffix(DELETED)}:{leaf}"
    if full.count(":") >= MAX_LEVELS:
        raise Fault("6180", f"{draft.kind} {full!r} would be deeper than {MAX_LEVELS} levels.", "ParentRef")
    new["FullyQualifiedName"] = full


def _unbilled(draft: Draft) -> bool:
    company, identity = draft.company, str(draft.new.get("Id", ""))
    return draft.kind == "Customer" and any(
        detail.get("BillableStatus") == "Billable" and ref_id(detail, "CustomerRef") == identity
        for kind in ("Bill", "Purchase", "VendorCredit")
        for record in company.records[kind].values()
        for line in record["Line"]
        for detail in (line.get(str(line.get("DetailType"))) or {},)
    )


def _has_txns(draft: Draft) -> bool:
    identity = draft.new["Id"]
    return any(ref_id(txn, "CustomerRef") == identity for txn in draft.company.records["Invoice"].values())
