"""Customers, jobs and vendors (sections 4.1, 4.2): what may be written, in the order of the schema.

What QuickBooks in the United States does not know is left out, and with purpose what must never be sent: opening
balances (they would post) and card numbers.
"""

from __future__ import annotations

_PERSON = "CompanyName(41) Salutation(15) FirstName(25) MiddleName(5) LastName(25) JobTitle(41)"
_REACHED = "Phone(21) AltPhone(21) Fax(21) Email(1023) Cc(1023) Contact(41) AltContact(41)"
_CUSTOMER_TERMS = "CustomerTypeRef[159] TermsRef[31] SalesRepRef[5]"
_CUSTOMER_TAX = (
    "SalesTaxCodeRef[3] ItemSalesTaxRef[31] ResaleNumber(15) AccountNumber(99) CreditLimit($)"
    " PreferredPaymentMethodRef[31] JobStatus(e:Awarded|Closed|InProgress|None|NotAwarded|Pending) JobStartDate(d)"
    " JobProjectedEndDate(d) JobEndDate(d) JobDesc(99) JobTypeRef[159] Notes(4095)"
    " PreferredDeliveryMethod(e:None|Email|Fax|Mail) PriceLevelRef[31]"
)
_CUSTOMER = (
    f"ClassRef[159] ParentRef[s] {_PERSON} BillAddress{{ @ADDRESS }} ShipAddress{{ @ADDRESS }} {_REACHED}"
    f" {_CUSTOMER_TERMS} {_CUSTOMER_TAX}"
)
_VENDOR = (
    f"ClassRef[159] {_PERSON} VendorAddress{{ @ADDRESS }} ShipAddress{{ @ADDRESS }} {_REACHED} NameOnCheck(41)"
    " AccountNumber(99) Notes(4095) VendorTypeRef[159] TermsRef[31] CreditLimit($) VendorTaxIdent(15)"
    " IsVendorEligibleFor1099(b)"
)

MESSAGES: dict[str, str] = {
    "CustomerAdd": f"Name*(41) IsActive(b) {_CUSTOMER} ExternalGUID(g) CurrencyRef[64]",
    "CustomerMod": f"ListID*(id) EditSequence*(16) Name(41) IsActive(b) {_CUSTOMER} CurrencyRef[64]",
    "VendorAdd": f"Name*(41) IsActive(b) {_VENDOR} BillingRateRef[31] ExternalGUID(g) PrefillAccountRef+[159]"
    " CurrencyRef[64]",
    "VendorMod": f"ListID*(id) EditSequence*(16) Name(41) IsActive(b) {_VENDOR} BillingRateRef[31]"
    " PrefillAccountRef+[159] CurrencyRef[64]",
}
