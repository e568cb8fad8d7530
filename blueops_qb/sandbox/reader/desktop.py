"""A company file's own answers in the reader's values, and what is asked of it beside the records."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.reader.desktop_money import DesktopMoney
from blueops_qb.sandbox.reader.desktop_tables import (
    DOCUMENTS,
    OTHERS,
    PARTY_REFS,
    FileAddress,
    Posted,
    Raw,
    day_of,
    is_void,
    money,
    place_of,
    text_of,
    total_of,
)
from blueops_qb.sandbox.reader.values import (
    ZERO,
    Cost,
    CostLine,
    Found,
    Party,
    Sale,
    last_digits,
)

__all__ = ["DesktopReader", "FileAddress", "Posted"]
#: kind -> how a cost of it was paid, whom it names, the account it is owed on or paid from.
COSTS = {
    "Bill": ("bill", "VendorRef", "APAccountRef"),
    "Check": ("check", "PayeeEntityRef", "AccountRef"),
    "CreditCardCharge": ("card", "PayeeEntityRef", "AccountRef"),
}


class DesktopReader(DesktopMoney):
    """Reads one company file; locations and attached files it does not have."""

    def read(self) -> Found:
        """Everything that is there now and was not before; parties all."""
        self._load()
        customers = self._kept["Customer"].items()
        return Found(
            customers=tuple(self._party("Customer", id, raw) for id, raw in customers if not _is_job(raw)),
            jobs=tuple(self._job(id, raw) for id, raw in customers if _is_job(raw)),
            vendors=tuple(self._party("Vendor", id, raw) for id, raw in self._kept["Vendor"].items()),
            sales=tuple(
                self._sale(id, raw) for _, id, raw in self._new("Invoice") if not self.takes_out(raw)
            ),
            receipts=tuple(self._receipt(id, raw) for _, id, raw in self._new("ReceivePayment")),
            # A void cost counts for nothing; BlueOps has none of it either.
            costs=tuple(
                self._cost(kind, id, raw) for kind, id, raw in self._new(*COSTS) if self._buys(kind, raw)
            ),
            banked=tuple(self._deposit(id, raw) for _, id, raw in self._new("Deposit")),
            credits=tuple(
                self._credit(id, raw) for _, id, raw in self._new("CreditMemo") if not is_void(raw)
            ),
            back=tuple(self._money_back()),
            prepaid=tuple(self._prepaid(id, raw) for _, id, raw in self._new("SalesReceipt")),
            charged=tuple(self._charges()),
        )

    def new_parties(self) -> frozenset[str]:
        """Names of customers, jobs and vendors that were not there before; after `read`."""
        return frozenset(_name(raw) for _, _, raw in self._new("Customer", "Vendor"))

    def other_documents(self) -> list[str]:
        """Documents of kinds that the day does not make, in words; after `read`."""
        strange = list(self._new(*OTHERS))
        strange += [
            ("JournalEntry", id, raw)
            for id, raw in self._living("JournalEntry")
            if not self.is_back(raw) and not self.is_fee(raw)
        ]
        return [f"{kind} {text_of(raw, 'RefNumber')} (id {id})" for kind, id, raw in strange]

    def duplicates(self) -> int:
        """How many documents are there once too often, by kind, number, party, day and amount."""
        seen: dict[tuple[str, ...], int] = {}
        for kind in (*DOCUMENTS, *OTHERS):
            for raw in self._query(kind).values():
                party = next((text for name in PARTY_REFS if (text := text_of(raw, f"{name}/ListID"))), "")
                key = (
                    kind,
                    text_of(raw, "RefNumber"),
                    party,
                    text_of(raw, "TxnDate"),
                    str(total_of(raw)),
                    text_of(raw, "DepositToAccountRef/ListID") if kind == "Deposit" else "",
                )
                seen[key] = seen.get(key, 0) + 1
        return sum(count - 1 for count in seen.values())

    def trial_balance(self) -> Decimal:
        """Debits less credits of the whole ledger."""
        return sum((line.amount for line in self._address.ledger()), ZERO)

    # -- parties -------------------------------------------------------------------------------------
    def _party(self, kind: str, id: str, raw: Raw) -> Party:
        name = _name(raw)
        block = "BillAddress" if kind == "Customer" else "VendorAddress"
        return Party(
            name=name,
            email=text_of(raw, "Email"),
            phone=last_digits(text_of(raw, "Phone")),
            address=place_of(raw, block, labels=(name, text_of(raw, "CompanyName"))),
            active=text_of(raw, "IsActive") == "true",
            label=f"{kind.lower()} {name}",
            id=f"{kind}:{id}",
        )

    def _job(self, id: str, raw: Raw) -> Party:
        return Party(
            name=_name(raw),
            address=place_of(raw, "ShipAddress"),
            active=text_of(raw, "IsActive") == "true",
            label=f"job {_name(raw)}",
            id=f"Customer:{id}",
        )

    # -- documents -----------------------------------------------------------------------------------
    def _sale(self, id: str, raw: Raw) -> Sale:
        lines = [line for line in raw.iter("InvoiceLineRet") if text_of(line, "ItemRef/ListID")]
        taken = sum((money(line, "Amount") for line in lines if self._is_discount(line)), ZERO)
        return Sale(
            number=text_of(raw, "RefNumber").removeprefix(self._prefix),
            payer=text_of(raw, "CustomerRef/FullName"),
            date=day_of(raw, "TxnDate"),
            due=day_of(raw, "DueDate"),
            terms=text_of(raw, "TermsRef/FullName"),
            lines=tuple(self._sold(line) for line in lines if not self._is_discount(line)),
            discount=-taken,
            tax=money(raw, "SalesTaxTotal"),
            total=total_of(raw),
            balance=money(raw, "BalanceRemaining"),
            location="",
            void=is_void(raw),
            effect=self._effect("Invoice", id),
            label=f"invoice {text_of(raw, 'RefNumber')} (id {id})",
            id=f"Invoice:{id}",
        )

    def _buys(self, kind: str, raw: Raw) -> bool:
        """Whether it is a cost that is not void, and neither money back to a customer nor a fee."""
        return not is_void(raw) and not (kind == "Check" and (self.is_back(raw) or self.is_fee(raw)))

    def _cost(self, kind: str, id: str, raw: Raw) -> Cost:
        paid_by, party, account = COSTS[kind]
        number, total, is_bill = text_of(raw, "RefNumber"), total_of(raw), kind == "Bill"
        return Cost(
            kind=paid_by,
            vendor=text_of(raw, f"{party}/FullName"),
            date=day_of(raw, "TxnDate"),
            number=number,
            due=day_of(raw, "DueDate") if is_bill else None,
            terms=text_of(raw, "TermsRef/FullName") if is_bill else "",
            account=self._account(text_of(raw, f"{account}/ListID")),
            lines=tuple(self._bought(line) for line in raw if line.tag in ("ExpenseLineRet", "ItemLineRet")),
            total=total,
            location="",
            effect=self._effect(kind, id),
            label=f"{kind.lower()} {number} over {total} (id {id})",
            id=f"{kind}:{id}",
        )

    def _bought(self, line: Raw) -> CostLine:
        item = text_of(line, "ItemRef/ListID")
        return CostLine(
            description=text_of(line, "Desc" if item else "Memo"),
            amount=money(line, "Amount"),
            account=self._bought_on(item) if item else self._account(text_of(line, "AccountRef/ListID")),
            job=text_of(line, "CustomerRef/FullName"),
            class_name=text_of(line, "ClassRef/FullName"),
        )


def _name(raw: Raw) -> str:
    return text_of(raw, "FullName") or text_of(raw, "Name")


def _is_job(raw: Raw) -> bool:
    return raw.find("ParentRef") is not None
