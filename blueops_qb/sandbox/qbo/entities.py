"""The table of entities: path, members, id space and what may be done with each (reference section 4).

A new entity is a new row here, and a row in `rules.RULES` when it posts or has rules of its own.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import attrs

from blueops_qb.sandbox.qbo import fields as f
from blueops_qb.sandbox.qbo import list_tables as lists
from blueops_qb.sandbox.qbo import purchase_tables as purchases
from blueops_qb.sandbox.qbo import sales_tables as sales
from blueops_qb.sandbox.qbo import txn_tables as txns
from blueops_qb.sandbox.qbo.attachment_table import ATTACHABLE
from blueops_qb.sandbox.qbo.fields import Field, Table, fixed, flag, ref
from blueops_qb.sandbox.qbo.settings_table import COMPANY_INFO, PREFERENCES


class Family(enum.Enum):
    """How records of a kind live and die."""

    SINGLE = "single"  #: exactly one per company
    NAME = "name"  #: customer, vendor, employee: one pool of names, never deleted, only made inactive
    LIST = "list"  #: other lists: never deleted, only made inactive
    TXN = "txn"  #: transactions: may be deleted, some voided
    FILE = "file"  #: attachments: no transactions, but may be deleted


@attrs.frozen(kw_only=True)
class Entity:
    """One kind of record."""

    kind: str
    family: Family
    fields: Table
    space: str  #: kinds with the same space draw their ids from one counter
    operations: frozenset[str]
    in_cdc: bool = True

    @property
    def path(self) -> str:
        """The path segment: the kind in lower case."""
        return self.kind.lower()


def _entity(
    kind: str,
    family: Family,
    members: Iterable[Field],
    *,
    space: str = "",
    ops: str = "create update",
    in_cdc: bool = True,
) -> Entity:
    operations = frozenset(ops.split()) | {"read", "query"}
    fields = f.table(*f.system(), *members)
    return Entity(
        kind=kind, family=family, fields=fields, space=space or kind, operations=operations, in_cdc=in_cdc
    )


_DELETABLE, _VOIDABLE = "create update delete", "create update delete void"

#: kind -> definition, in the order in which lists are shown
ENTITIES: dict[str, Entity] = {
    entity.kind: entity
    for entity in (
        _entity("CompanyInfo", Family.SINGLE, COMPANY_INFO, ops="update"),
        _entity("Preferences", Family.SINGLE, PREFERENCES, ops="update"),
        _entity("Account", Family.LIST, lists.ACCOUNT),
        _entity("Item", Family.LIST, lists.ITEM),
        _entity("Class", Family.LIST, (*lists.TREE, ref("ParentRef", "Class"), fixed(flag("SubClass")))),
        _entity(
            "Department",
            Family.LIST,
            (*lists.TREE, ref("ParentRef", "Department"), fixed(flag("SubDepartment")), f.address("Address")),
        ),
        _entity("Term", Family.LIST, lists.TERM),
        _entity("PaymentMethod", Family.LIST, lists.METHOD),
        _entity("CompanyCurrency", Family.LIST, lists.CURRENCY),
        _entity("TaxAgency", Family.LIST, lists.AGENCY, ops="create", in_cdc=False),
        _entity("TaxRate", Family.LIST, lists.TAX_RATE, ops="read", in_cdc=False),
        _entity("TaxCode", Family.LIST, lists.TAX_CODE, ops="read", in_cdc=False),
        _entity("Customer", Family.NAME, lists.CUSTOMER, space="Name"),
        _entity("Vendor", Family.NAME, lists.VENDOR, space="Name"),
        _entity("Employee", Family.NAME, lists.EMPLOYEE, space="Name"),
        _entity("Estimate", Family.TXN, sales.ESTIMATE, space="Txn", ops=_DELETABLE),
        _entity("Invoice", Family.TXN, txns.INVOICE, space="Txn", ops=_VOIDABLE),
        _entity("CreditMemo", Family.TXN, sales.CREDIT_MEMO, space="Txn", ops=_DELETABLE),
        _entity("SalesReceipt", Family.TXN, sales.SALES_RECEIPT, space="Txn", ops=_VOIDABLE),
        _entity("RefundReceipt", Family.TXN, sales.REFUND_RECEIPT, space="Txn", ops=_DELETABLE),
        _entity("Payment", Family.TXN, txns.PAYMENT, space="Txn", ops=_VOIDABLE),
        _entity("Bill", Family.TXN, txns.BILL, space="Txn", ops=_DELETABLE),
        _entity("Purchase", Family.TXN, txns.PURCHASE, space="Txn", ops=_DELETABLE),
        _entity("JournalEntry", Family.TXN, txns.JOURNAL, space="Txn", ops=_DELETABLE),
        _entity("Deposit", Family.TXN, txns.DEPOSIT, space="Txn", ops=_DELETABLE),
        _entity("VendorCredit", Family.TXN, purchases.VENDOR_CREDIT, space="Txn", ops=_DELETABLE),
        _entity("PurchaseOrder", Family.TXN, purchases.PURCHASE_ORDER, space="Txn", ops=_DELETABLE),
        # After everything it may pay, so that a company read from its file posts in this order.
        _entity("BillPayment", Family.TXN, purchases.BILL_PAYMENT, space="Txn", ops=_VOIDABLE),
        _entity("Attachable", Family.FILE, ATTACHABLE, ops=_DELETABLE),
    )
}
BY_PATH: dict[str, Entity] = {entity.path: entity for entity in ENTITIES.values()}
