"""A plumbing company for the tests of posting rules: its mapping, its records, what is booked for them.

Its account ids are the account numbers of the template, so that postings compare with the worked entries.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.domain.effects import effects, roles_of
from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.posting.context import Blocked, Posted, PostingContext
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.postings import Posting
from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.records import (
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    InvoiceLine,
    Job,
    LineKind,
    Payment,
    Record,
)
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from tests.treatments import Entry, by_account

DAY = dt.date(2026, 3, 2)
D = Decimal


def account(number: str) -> BooksRef:
    """An account of the company: its id is its number."""
    return BooksRef(BooksKind.ACCOUNT, number)


def item(id: str) -> BooksRef:
    """An item of the company."""
    return BooksRef(BooksKind.ITEM, id)


def class_(id: str) -> BooksRef:
    """A class of the company."""
    return BooksRef(BooksKind.CLASS, id)


#: Item -> income account.
SALES_ITEMS = {
    (Family.SERVICE, "repair"): "4010",
    (Family.SERVICE, "install"): "4020",
    (Family.SERVICE, "drain_cleaning"): "4030",
    (Family.SERVICE, "service_call"): "4060",
    (Family.SERVICE, "commercial_project"): "4210",
    (Family.MATERIAL_SOLD, "pipe_fittings"): "4110",
    (Family.MATERIAL_SOLD, "hvac_parts"): "4110",
    (Family.MATERIAL_SOLD, "electrical_material"): "4110",
    (Family.MATERIAL_SOLD, "water_heater"): "4100",
    (Family.MATERIAL_SOLD, "hvac_equipment"): "4100",
    (Family.FEE, "disposal"): "4800",
    (Family.FEE, "reimbursed"): "4700",
    (Family.FEE, "markup"): "4710",
    (Family.FEE, "rounding"): "6950",
    (Family.FEE, "discount"): "4900",
    (Family.FEE, "sales_tax"): "2200",
    (Family.FEE, "deposit"): "2300",
    (Family.FEE, "permit"): "4700",
    (Family.FEE, "permit_pass_through"): "1250",
    (Family.FEE, "permit_funds"): "2380",
    (Family.FEE, "cancellation"): "4800",
    (Family.FEE, "allowance"): "4910",
    (Family.FEE, "bad_debt"): "6200",
    (Family.FEE, "write_off"): "6200",
    (Family.FEE, "early_payment"): "4900",
    (Family.FEE, "back_from_clearing"): "1050",
    (Family.FEE, "back_from_undeposited"): "1090",
}
#: Item -> cost account.
COST_ITEMS = {"22-100": "5010", "16-200": "5300", "labor-16": "5400"}
COST_ACCOUNTS = {
    (Family.MATERIAL_COST, "pipe_fittings"): "5010",
    (Family.MATERIAL_COST, "water_heater"): "5030",
    (Family.MATERIAL_COST, "hvac_equipment"): "5100",
    (Family.MATERIAL_COST, "hvac_parts"): "5110",
    (Family.MATERIAL_COST, "electrical_material"): "5150",
    (Family.MATERIAL_COST, "general"): "5290",
    (Family.EXPENSE, "rental"): "5500",
    (Family.EXPENSE, "freight"): "5700",
    (Family.EXPENSE, "warranty"): "5900",
    (Family.EXPENSE, "warranty_labor"): "5910",
    (Family.EXPENSE, "permit"): "5600",
    (Family.EXPENSE, "purchase_tax"): "5290",
    (Family.EXPENSE, "overhead:fuel"): "6110",
}
ROLES = {
    "ar": "1100",
    "ap": "2000",
    "undeposited": "1090",
    "clearing": "1050",
    "discounts": "4900",
    "tax_payable": "2200",
    "use_tax": "2210",
    "labor_applied": "5490",
    "truck_stock": "1205",
    "warranty_claims": "1270",
    "reimbursable_asset": "1250",
    "permit_funds": "2380",
    "merchant_fees": "6100",
    "bank_charges": "6110",
}
MONEY = {"checking": "1000", "visa": "2100"}
CLASSES = {"service": "C1", "install": "C2", "commercial": "C3"}


def _rules() -> list[MapRule]:
    def rule(family: Family, key: str, **target: Any) -> MapRule:
        return MapRule(family=family, key=key, target=Target(**target))

    return [
        *(rule(family, key, item=item(f"{family}:{key}")) for family, key in SALES_ITEMS),
        *(rule(Family.COST_CODE, code, item=item(f"code:{code}")) for code in COST_ITEMS),
        *(rule(family, key, account=account(number)) for (family, key), number in COST_ACCOUNTS.items()),
        *(rule(Family.ROLE, key, account=account(number)) for key, number in ROLES.items()),
        *(rule(Family.MONEY_ACCOUNT, key, account=account(number)) for key, number in MONEY.items()),
        *(rule(Family.CLASS, key, class_=class_(id)) for key, id in CLASSES.items()),
        rule(Family.PAYMENT_METHOD, "check", method=BooksRef(BooksKind.PAYMENT_METHOD, "M1")),
        rule(Family.TERMS, "net30", terms=BooksRef(BooksKind.TERM, "T30")),
        rule(Family.BRANCH, "north", location=BooksRef(BooksKind.LOCATION, "L1")),
    ]


MAPPING = Mapping(version=1, rules=tuple(_rules()))
PROFILE = BooksProfile(class_tracking=Tracking.PER_LINE, locations=True)
CUSTOMER = Customer(id="7", name="Ada Hill", segment="residential")
JOB = Job(id="J1", customer_id="7", name="Kitchen")
ITEM_ACCOUNTS = {f"{family}:{key}": number for (family, key), number in SALES_ITEMS.items()}
ITEM_COST_ACCOUNTS = {f"code:{code}": number for code, number in COST_ITEMS.items()}


def company(*related: Record, mapping: Mapping = MAPPING, **changes: Any) -> PostingContext:
    """The company's context; `changes` are fields of the policy, the profile or the context itself."""
    policies = {field.name for field in attrs.fields(Policy)}
    profiles = {field.name for field in attrs.fields(BooksProfile)}
    policy = {name: value for name, value in changes.items() if name in policies}
    profile = {name: value for name, value in changes.items() if name in profiles}
    rest = {name: value for name, value in changes.items() if name not in policies | profiles}
    known: dict[RecordRef, Record] = {record.ref: record for record in (CUSTOMER, JOB, *related)}
    # What was posted stands in the books, where a test says nothing else.
    rest.setdefault("in_books", frozenset(rest.get("posted", ())))
    return PostingContext(
        mapping=mapping,
        policy=attrs.evolve(Policy(), **policy),
        profile=attrs.evolve(PROFILE, **profile),
        related=known,
        item_accounts=ITEM_ACCOUNTS,
        item_cost_accounts=ITEM_COST_ACCOUNTS,
        **rest,
    )


def without(*keys: tuple[Family, str]) -> Mapping:
    """The company's mapping without some keys."""
    return Mapping(version=2, rules=tuple(r for r in MAPPING.rules if (r.family, r.key) not in keys))


def with_rules(*rules: MapRule) -> Mapping:
    """The company's mapping with more rules."""
    return Mapping(version=2, rules=(*MAPPING.rules, *rules))


# -- what happens --------------------------------------------------------------------------------------
def documents(record: Record, context: PostingContext | None = None) -> list[Document]:
    """The documents of a record that can be posted."""
    result = post(record, context or company())
    assert isinstance(result, Posted), result
    return list(result.documents.values())


def document(record: Record, context: PostingContext | None = None) -> Any:
    """The one document of a record that can be posted; typed loosely, tests look at its fields."""
    (only,) = documents(record, context)
    return only


def blocked(record: Record, context: PostingContext | None = None) -> Blocked:
    """The answer for a record that must wait; its sentences are complete."""
    result = post(record, context or company())
    assert isinstance(result, Blocked), result
    assert record.id in result.reason or getattr(record, "number", record.id) in result.reason
    assert result.reason.endswith(".")
    assert result.remedy.endswith(".")
    return result


def postings(document: Document, context: PostingContext | None = None) -> tuple[Posting, ...]:
    """The effect of a document in the company."""
    return effects(
        document,
        roles=roles_of(context.mapping if context else MAPPING),
        item_accounts=ITEM_ACCOUNTS,
        item_cost_accounts=ITEM_COST_ACCOUNTS,
    )


def booked(record: Record, context: PostingContext | None = None) -> Entry:
    """Record in, entry out: one sum per account."""
    found = [posting for doc in documents(record, context) for posting in postings(doc, context)]
    return by_account((posting.account, posting.amount) for posting in found)


# -- the invoice of entry 1.1 and its like -------------------------------------------------------------
REPAIR = InvoiceLine(
    line_id="1",
    kind=LineKind.SERVICE,
    service_category="repair",
    description="Repair",
    quantity=D("2.5"),
    unit_price=D("129.00"),
    amount=D("322.50"),
    class_key="service",
)
KITS = InvoiceLine(
    line_id="2",
    kind=LineKind.MATERIAL,
    material_category="pipe_fittings",
    description="Valve kit",
    quantity=D(3),
    unit_price=D("18.95"),
    amount=D("56.85"),
    taxable=True,
)
CALL = InvoiceLine(
    line_id="3",
    kind=LineKind.SERVICE,
    service_category="service_call",
    description="Service call",
    unit_price=D("59.00"),
    amount=D("59.00"),
)


def simple_line(
    kind: LineKind, key: str, amount: str, *, taxable: bool = False, id: str = "1"
) -> InvoiceLine:
    """A line of quantity 1."""
    return InvoiceLine(
        line_id=id,
        kind=kind,
        service_category=key if kind is LineKind.SERVICE else "",
        material_category=key if kind in (LineKind.MATERIAL, LineKind.EQUIPMENT) else "",
        fee_type=key if kind is LineKind.FEE else "",
        unit_price=D(amount),
        amount=D(amount),
        taxable=taxable,
    )


def invoice(*lines: InvoiceLine, total: str, tax: str = "0.00", **changes: Any) -> Invoice:
    """An invoice to the customer's job."""
    fields: dict[str, Any] = {
        "id": "41",
        "number": "1041",
        "customer_id": "7",
        "job_id": "J1",
        "issue_date": DAY,
    } | changes
    return Invoice(lines=lines, total=D(total), tax=D(tax), **fields)


def plain_invoice(**changes: Any) -> Invoice:
    """The invoice of entry 1.1: services, materials, a whole-line discount, tax."""
    discounted = attrs.evolve(REPAIR, discount=D("32.25"))
    return invoice(discounted, KITS, CALL, total="410.79", tax="4.69", **changes)


# -- payments and costs --------------------------------------------------------------------------------
def check_of(amount: str, *applied: tuple[str, str], id: str = "1", **changes: Any) -> Payment:
    """A check of the customer, applied to invoices by id."""
    applications = tuple(Application(invoice_id=number, amount=D(part)) for number, part in applied)
    fields: dict[str, Any] = {"method": "check", "received_on": DAY} | changes
    return Payment(id=id, customer_id="7", amount=D(amount), applications=applications, **fields)


def cost(amount: str, **changes: Any) -> CostLine:
    """A cost line on the job."""
    fields: dict[str, Any] = {"line_id": "1", "job_id": "J1"} | changes
    return CostLine(amount=D(amount), **fields)


def expense(type: ExpenseType, total: str, *lines: CostLine, **changes: Any) -> Expense:
    """A cost of any type, of vendor 9 and paid with the company card where it is paid at once."""
    fields: dict[str, Any] = {"date": DAY, "vendor_id": "9", "payment_account_key": "visa"} | changes
    return Expense(id="5", type=type, total=D(total), lines=lines, **fields)
