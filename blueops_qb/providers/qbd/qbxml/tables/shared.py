"""Parts of messages that several of them share, in the notation of `model` (section 4 of the reference)."""

from __future__ import annotations

LINES: dict[str, str] = {
    "ADDRESS": "Addr1(41) Addr2(41) Addr3(41) Addr4(41) Addr5(41) City(31) State(21) PostalCode(13) Country(31)"
    " Note(41)",
    "EXTENSIONS": "DataExt+{ OwnerID*(g) DataExtName*(31) DataExtValue*(s) }",
    "BILLABLE": "BillableStatus(e:Billable|NotBillable|HasBeenBilled)",
    "RETURNED": "IncludeRetElement+(50)",
    # -- which records a query is about
    "NAMED": "( NameFilter{ MatchCriterion*(e:StartsWith|Contains|EndsWith) Name*(s) }"
    " | NameRangeFilter{ FromName(s) ToName(s) } )",
    "LISTED": "MaxReturned(i) ActiveStatus(e:ActiveOnly|InactiveOnly|All) FromModifiedDate(dt) ToModifiedDate(dt)"
    " @NAMED",
    "MODIFIED": "ModifiedDateRangeFilter{ FromModifiedDate(dt) ToModifiedDate(dt) }",
    "WHEN": "( @MODIFIED | TxnDateRangeFilter{ FromTxnDate(d) ToTxnDate(d) } )",
    "WHOM": "EntityFilter{ ( ListID+(id) | FullName+(s) | ListIDWithChildren(id) | FullNameWithChildren(s) ) }",
    "NUMBERED": "( RefNumberFilter{ MatchCriterion*(e:StartsWith|Contains|EndsWith) RefNumber*(s) }"
    " | RefNumberRangeFilter{ FromRefNumber(s) ToRefNumber(s) } )",
    # -- which money settles what
    "CREDITS": "SetCredit+{ CreditTxnID*(id) AppliedAmount*($) Override(b) }",
    "SETTLING": "TxnID*(id) PaymentAmount($) @CREDITS DiscountAmount($) DiscountAccountRef[159] DiscountClassRef[159]",
}
