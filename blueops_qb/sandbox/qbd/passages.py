"""Passages that many messages share, in the notation of `notation`."""

from __future__ import annotations

PASSAGES: dict[str, str] = {
    "ABLK": "Addr1(41) Addr2(41) Addr3(41) Addr4(41) Addr5(41)",
    "ADDR": "@ABLK City(31) State(21) PostalCode(13) Country(31) Note(41)",
    "BARCODE": "BarCode{ BarCodeValue(50) AssignEvenIfUsed(b) AllowOverride(b) }",
    "DX": "OwnerID*(g) DataExtName*(31) DataExtValue*",
    "DXR": "DataExtRet+{ OwnerID(g) DataExtName*(31) DataExtType*(e:DataExtType) DataExtValue* }",
    "SITE": (
        "InventorySiteRef[31:Site] InventorySiteLocationRef[31:Site] ( SerialNumber(4095) | LotNumber(40) )"
    ),
    "IRE": "IncludeRetElement+(50)",
    "HEAD": "ListID*(id) TimeCreated*(dt) TimeModified*(dt) EditSequence*(16)",
    "TXN": "TxnID*(id) TimeCreated*(dt) TimeModified*(dt) EditSequence*(16) TxnNumber(i)",
    "KEY": "ListID*(id) EditSequence*(16)",
    "TXNKEY": "TxnID*(id) EditSequence*(16)",
    "LINKS": (
        "LinkedTxn+{ TxnID*(id) TxnType*(e:TxnTypeFilter) TxnDate*(d) RefNumber(20) LinkType Amount*($) }"
    ),
    "CONTACTS": "AdditionalContactRef+{ ContactName*(40) ContactValue*(255) }",
    "CARD": (
        "CreditCardTxnInfo{ CreditCardTxnInputInfo*{ CreditCardNumber*(25) ExpirationMonth*(i) ExpirationYear*(i) "
        "NameOnCard*(41) CreditCardAddress(41) CreditCardPostalCode(18) CommercialCardCode(24) TransactionMode "
        "CreditCardTxnType } CreditCardTxnResultInfo*{ ResultCode*(i) ResultMessage*(60) CreditCardTransID*(24) "
        "MerchantAccountNumber*(32) AuthorizationCode(12) AVSStreet AVSZip CardSecurityCodeMatch ReconBatchID(84) "
        "PaymentGroupingCode(i) PaymentStatus* TxnAuthorizationTime*(dt) TxnAuthorizationStamp(i) "
        "ClientTransID(16) } }"
    ),
    # --- filters of queries ---
    "TREE": "( ListID+(id) | FullName+ | ListIDWithChildren(id) | FullNameWithChildren )",
    "NAMES": "( NameFilter{ MatchCriterion*(e:MatchCriterion) Name* } | NameRangeFilter{ FromName ToName } )",
    "LISTF": "ActiveStatus(e:ActiveStatus) FromModifiedDate(dt) ToModifiedDate(dt) @NAMES",
    "WHEN": (
        "( ModifiedDateRangeFilter{ FromModifiedDate(dt) ToModifiedDate(dt) } "
        "| TxnDateRangeFilter{ ( FromTxnDate(d) ToTxnDate(d) | DateMacro(e:DateMacro) ) } )"
    ),
    "REFNO": (
        "( RefNumberFilter{ MatchCriterion*(e:MatchCriterion) RefNumber* } "
        "| RefNumberRangeFilter{ FromRefNumber ToRefNumber } )"
    ),
    "WHOSE": "EntityFilter{ @TREE } AccountFilter{ @TREE }",
    "CURRENCY": "CurrencyFilter{ ( ListID+(id) | FullName+(64) ) }",
}
