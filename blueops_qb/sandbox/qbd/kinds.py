"""The kinds of lists and transactions: where their names must be unique, what they point to, what they post."""

from __future__ import annotations

import attrs

#: customers, vendors, employees and other names share one space of names at top level
ENTITIES = ("Customer", "Vendor", "Employee", "OtherName")
ITEMS = (
    "ItemService",
    "ItemNonInventory",
    "ItemOtherCharge",
    "ItemInventory",
    "ItemDiscount",
    "ItemPayment",
    "ItemSubtotal",
    "ItemSalesTax",
    "ItemSalesTaxGroup",
    "ItemGroup",
)
TERMS = ("StandardTerms", "DateDrivenTerms")


@attrs.frozen(kw_only=True)
class ListKind:
    """One list: ``space`` is what its names must be unique in, ``depth`` how many levels it may have."""

    name: str
    space: str
    named_by: str = "Name"
    depth: int = 1
    #: members of Add that are a child of its element in Mod
    inactive: bool = True


def _lists() -> dict[str, ListKind]:
    kinds = [ListKind(name=kind, space="entity") for kind in ("Vendor", "Employee", "OtherName")]
    kinds.append(ListKind(name="Customer", space="entity", depth=5))
    kinds += [ListKind(name=kind, space=kind, depth=5) for kind in ("Account", "Class")]
    kinds += [ListKind(name=kind, space=kind, depth=5) for kind in ("CustomerType", "VendorType", "JobType")]
    kinds += [ListKind(name=kind, space="item", depth=5) for kind in ITEMS]
    kinds += [ListKind(name=kind, space="terms") for kind in TERMS]
    kinds += [
        ListKind(name=kind, space=kind)
        for kind in ("PaymentMethod", "SalesTaxCode", "ShipMethod", "CustomerMsg")
    ]
    kinds.append(ListKind(name="SalesRep", space="SalesRep", named_by="Initial"))
    return {kind.name: kind for kind in kinds}


LIST_KINDS = _lists()

#: what a reference or a query names -> the lists that are searched for it
TARGETS: dict[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in LIST_KINDS},
    "Entity": ENTITIES,
    "Item": ITEMS,
    "TaxItem": ("ItemSalesTax", "ItemSalesTaxGroup"),
    "Terms": TERMS,
    "DataOwner": (*ENTITIES, *ITEMS, "Account"),
    # Lists that this file does not keep: no reference to them is ever found.
    **dict.fromkeys(("Currency", "PriceLevel", "Site", "Template", "UnitOfMeasureSet"), ()),
}


@attrs.frozen(kw_only=True)
class TxnKind:
    """One kind of transaction."""

    name: str
    #: whom it is with
    party: str = ""
    #: the account that the form stands on, as the record has it
    account: str = ""
    #: the member that holds its total
    total: str = ""
    #: a missing number is filled with the next one
    numbered: bool = False
    posting: bool = True
    voidable: bool = True


TXN_KINDS = {
    kind.name: kind
    for kind in (
        TxnKind(name="Invoice", party="CustomerRef", account="ARAccountRef", numbered=True),
        TxnKind(
            name="CreditMemo", party="CustomerRef", account="ARAccountRef", total="TotalAmount", numbered=True
        ),
        TxnKind(
            name="SalesReceipt",
            party="CustomerRef",
            account="DepositToAccountRef",
            total="TotalAmount",
            numbered=True,
        ),
        TxnKind(
            name="Estimate",
            party="CustomerRef",
            total="TotalAmount",
            numbered=True,
            posting=False,
            voidable=False,
        ),
        TxnKind(name="Bill", party="VendorRef", account="APAccountRef", total="AmountDue"),
        TxnKind(name="VendorCredit", party="VendorRef", account="APAccountRef", total="CreditAmount"),
        TxnKind(name="Check", party="PayeeEntityRef", account="AccountRef", total="Amount"),
        TxnKind(name="CreditCardCharge", party="PayeeEntityRef", account="AccountRef", total="Amount"),
        TxnKind(name="CreditCardCredit", party="PayeeEntityRef", account="AccountRef", total="Amount"),
        TxnKind(
            name="PurchaseOrder",
            party="VendorRef",
            total="TotalAmount",
            numbered=True,
            posting=False,
            voidable=False,
        ),
        TxnKind(
            name="ReceivePayment",
            party="CustomerRef",
            account="DepositToAccountRef",
            total="TotalAmount",
            voidable=False,
        ),
        TxnKind(name="BillPaymentCheck", party="PayeeEntityRef", account="BankAccountRef", total="Amount"),
        TxnKind(
            name="BillPaymentCreditCard",
            party="PayeeEntityRef",
            account="CreditCardAccountRef",
            total="Amount",
        ),
        TxnKind(
            name="ARRefundCreditCard",
            party="CustomerRef",
            account="RefundFromAccountRef",
            total="TotalAmount",
        ),
        TxnKind(name="Deposit", account="DepositToAccountRef", total="DepositTotal"),
        TxnKind(name="JournalEntry"),
    )
}

#: a line's reference -> what it points to, wherever lines are looked through
ASSET_TYPES = frozenset({"Bank", "AccountsReceivable", "OtherCurrentAsset", "FixedAsset", "OtherAsset"})
EXPENSE_TYPES = frozenset({"CostOfGoodsSold", "Expense", "OtherExpense"})
#: account types whose balance is shown debit positive
DEBIT_TYPES = ASSET_TYPES | EXPENSE_TYPES
