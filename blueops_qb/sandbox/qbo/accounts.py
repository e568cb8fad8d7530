"""Rules of the chart of accounts and of items (reference/quickbooks-online.md sections 4.6 and 4.7)."""

from __future__ import annotations

from blueops_qb.sandbox.qbo import names
from blueops_qb.sandbox.qbo.draft import HOME, Draft
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import ref_id

#: account type -> (classification, default sub-type, the other sub-types that go with it)
ACCOUNT_TYPES: dict[str, tuple[str, str, str]] = {
    "Bank": ("Asset", "Checking", "Savings CashOnHand MoneyMarket RentsHeldInTrust TrustAccounts"),
    "Accounts Receivable": ("Asset", "AccountsReceivable", ""),
    "Other Current Asset": (
        "Asset",
        "OtherCurrentAssets",
        "UndepositedFunds Inventory PrepaidExpenses Retainage EmployeeCashAdvances AllowanceForBadDebts "
        "DevelopmentCosts LoansToOfficers LoansToOthers LoansToStockholders Investment_Other",
    ),
    "Fixed Asset": (
        "Asset",
        "OtherFixedAssets",
        "Vehicles MachineryAndEquipment FurnitureAndFixtures Buildings Land LeaseholdImprovements "
        "AccumulatedDepreciation FixedAssetOtherToolsEquipment FixedAssetComputers",
    ),
    "Other Asset": ("Asset", "OtherLongTermAssets", "SecurityDeposits Goodwill Licenses LeaseBuyout"),
    "Accounts Payable": ("Liability", "AccountsPayable", ""),
    "Credit Card": ("Liability", "CreditCard", ""),
    "Other Current Liability": (
        "Liability",
        "OtherCurrentLiabilities",
        "SalesTaxPayable GlobalTaxPayable DeferredRevenue LoanPayable LineOfCredit PayrollTaxPayable "
        "PayrollClearing DirectDepositPayable InsurancePayable TrustAccountsLiabilities "
        "ProvisionForWarrantyObligations PrepaidExpensesPayable RentsInTrustLiability",
    ),
    "Long Term Liability": (
        "Liability",
        "OtherLongTermLiabilities",
        "NotesPayable ShareholderNotesPayable",
    ),
    "Equity": (
        "Equity",
        "OpeningBalanceEquity",
        "RetainedEarnings OwnersEquity PartnersEquity CommonStock PaidInCapitalOrSurplus "
        "PartnerContributions PartnerDistributions TreasuryStock AccumulatedAdjustment",
    ),
    "Income": (
        "Revenue",
        "SalesOfProductIncome",
        "ServiceFeeIncome DiscountsRefundsGiven OtherPrimaryIncome UnappliedCashPaymentIncome "
        "NonProfitIncome",
    ),
    "Other Income": (
        "Revenue",
        "OtherMiscellaneousIncome",
        "InterestEarned DividendIncome OtherInvestmentIncome TaxExemptInterest",
    ),
    "Cost of Goods Sold": (
        "Expense",
        "SuppliesMaterialsCogs",
        "CostOfLaborCos EquipmentRentalCos OtherCostsOfServiceCos ShippingFreightDeliveryCos",
    ),
    "Expense": (
        "Expense",
        "OtherMiscellaneousServiceCost",
        "AdvertisingPromotional Auto BadDebts BankCharges CharitableContributions Communications CostOfLabor "
        "DuesSubscriptions Entertainment EntertainmentMeals EquipmentRental FinanceCosts GasAndFuel "
        "Insurance "
        "InterestPaid LegalProfessionalFees OfficeGeneralAdministrativeExpenses OtherBusinessExpenses "
        "PayrollExpenses PayrollTaxExpenses PayrollWageExpenses PromotionalMeals RentOrLeaseOfBuildings "
        "RepairMaintenance ShippingFreightDelivery SuppliesMaterials TaxesPaid Travel TravelMeals "
        "UnappliedCashBillPaymentExpense Utilities",
    ),
    "Other Expense": (
        "Expense",
        "OtherMiscellaneousExpense",
        "Depreciation Amortization ExchangeGainOrLoss PenaltiesSettlements VehicleInsurance GasAndFuel",
    ),
}


def prepare_account(draft: Draft) -> None:
    """Complete an account: type and detail type belong together, names are free, the tree is sound."""
    new, old = draft.new, draft.old
    names.check_name(draft, "Name", forbidden=':"')
    if ":" in str(new.get("AcctNum", "")):
        raise Fault("2040", "AcctNum must not hold a colon.", "AcctNum")
    new["AccountType"], new["AccountSubType"] = _types(
        new.get("AccountType", old and old["AccountType"]), new.get("AccountSubType")
    )
    if (
        old is not None
        and old["AccountType"] != new["AccountType"]
        and draft.company.ledger.balance(new["Id"])
    ):
        raise Fault("6010", "The type of an account with a balance cannot be changed.", "AccountType")
    new["Classification"] = ACCOUNT_TYPES[new["AccountType"]][0]
    names.place_in_tree(draft)
    new["SubAccount"] = bool(ref_id(new, "ParentRef"))
    draft.default("CurrencyRef", dict(HOME))
    names.mark_active(draft, "Name", "FullyQualifiedName")
    if old is not None and old["Active"] and not new["Active"] and _is_system(draft):
        raise business(f"account {old['Name']!r} belongs to the system and cannot be made inactive", "Active")


def prepare_item(draft: Draft) -> None:
    """Complete a product or service; an inventory item needs its three accounts, quantity and start date."""
    new = draft.new
    names.check_name(draft, "Name", forbidden=":")
    kind = new["Type"]
    if draft.old is not None and draft.old["Type"] == "Inventory" and kind != "Inventory":
        raise Fault("6000", "Business Validation Error: an inventory item cannot change its type.", "Type")
    if kind == "Group" and not draft.by_person:
        raise business("bundles are made and changed on the screens of QuickBooks only", "Type")
    needs = {
        "Service": ("IncomeAccountRef",),
        "Inventory": ("AssetAccountRef", "IncomeAccountRef", "ExpenseAccountRef"),
        "NonInventory": ("IncomeAccountRef",) if "ExpenseAccountRef" not in new else (),
    }
    for name in needs.get(kind, ()):
        if not ref_id(new, name):
            raise missing(name)
    if kind == "Inventory":
        _prepare_inventory(draft)
    else:
        new["TrackQtyOnHand"] = False
        for name in ("QtyOnHand", "InvStartDate", "AssetAccountRef"):
            new.pop(name, None)
    names.place_in_tree(draft)
    new["SubItem"] = bool(ref_id(new, "ParentRef"))
    new["Level"] = new["FullyQualifiedName"].count(":")
    draft.default("Taxable", kind in ("NonInventory", "Inventory"))
    draft.default("UnitPrice", 0)
    draft.default("PurchaseCost", 0)
    names.mark_active(draft, "Name", "FullyQualifiedName")


def _is_system(draft: Draft) -> bool:
    # The first of its detail type is the one that the books post to by themselves.
    company, new = draft.company, draft.new
    if new["Id"] == company.hidden.tax_account:
        return True
    subtype = new["AccountSubType"]
    return subtype in names.SYSTEM_SUBTYPES and company.account_of_subtype(subtype) == new["Id"]


def _prepare_inventory(draft: Draft) -> None:
    new = draft.new
    for name in ("QtyOnHand", "InvStartDate"):
        if name not in new:
            raise missing(name)
    if not new.get("TrackQtyOnHand"):
        raise missing("TrackQtyOnHand")
    if draft.company.get("Account", ref_id(new, "AssetAccountRef"))["AccountSubType"] != "Inventory":
        raise Fault("6430", "The asset account of an inventory item must be of detail type Inventory.")


def _types(kind: object, subtype: object) -> tuple[str, str]:
    if kind is None and subtype is None:
        raise missing("AccountType")
    if kind is None:
        for name, (_, default, others) in ACCOUNT_TYPES.items():
            if subtype == default or subtype in others.split():
                return name, str(subtype)
        raise Fault("6010", f"{subtype!r} is no known detail type of an account.", "AccountSubType")
    spelled = str(kind).replace(" ", "").lower()
    for name, (_, default, others) in ACCOUNT_TYPES.items():
        if name.replace(" ", "").lower() != spelled:
            continue
        if subtype is not None and subtype != default and subtype not in others.split():
            raise Fault(
                "6010", f"Detail type {subtype!r} does not belong to account type {name}.", "AccountSubType"
            )
        return name, str(subtype or default)
    raise Fault("2170", f"{kind!r} is no account type.", "AccountType")
