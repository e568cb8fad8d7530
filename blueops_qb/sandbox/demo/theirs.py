"""The other side of the demo: the practice books, whoever works in them, and the reader that judges them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

import attrs

from blueops_qb.domain.records import Address
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.sandbox.core.seed import PASSWORD
from blueops_qb.sandbox.demo.bookkeeper import Bookkeeper
from blueops_qb.sandbox.demo.chart import CHART, RULES, Rules
from blueops_qb.sandbox.demo.deep_links import PREFIX, deep_links
from blueops_qb.sandbox.demo.visitor import Visitor
from blueops_qb.sandbox.qbo.running import new_company
from blueops_qb.sandbox.qbo.server import PREFIXES, TwinApp, make_app
from blueops_qb.sandbox.reader import BooksAddress, BooksReader, Chart, TheirReader
from blueops_qb.sandbox.reader.books import Known

#: Where core mounts the pages of the plugin.
PAGES = "/settings/quickbooks"


@attrs.frozen(kw_only=True)
class Shown:
    """A record as the books list it: what it is called and what it comes to."""

    title: str
    amount: Decimal | None = None


class Theirs(Protocol):
    """Practice books in this process."""

    #: The provider that speaks to them.
    provider: str
    chart: Chart
    rules: Rules

    @property
    def address(self) -> Any:
        """How somebody else reaches the books."""

    @property
    def place(self) -> str:
        """Where a person can look at them; empty where there is no such page."""

    def apps(self) -> Mapping[str, Any]:
        """What answers at which prefix beside core."""

    def environment(self, base_url: str) -> dict[str, str]:
        """What commands beside this process need to reach them."""

    def end(self) -> None:
        """Let go of everything."""

    def connect(self, base_url: str) -> str:
        """The administrator connects the company; answers how, in words."""

    def come_by(self) -> None:
        """Their own client comes by once, where they have one."""

    # -- what the bookkeeper does ------------------------------------------------------------------
    def prepare(self) -> None:
        """What the company has in its lists beside the seed."""

    def enter_customer(self, name: str, *, email: str, phone: str, street: str) -> str:
        """Enter a customer in Reno; answers the id."""

    def enter_vendor(self, name: str, *, phone: str, street: str) -> None:
        """Enter a vendor in Reno."""

    def rename(self, id: str, name: str) -> None:
        """Give a customer another name."""

    def move(self, name: str, place: Address) -> None:
        """Give a customer another address."""

    def receive_check(self, *, invoice: str, amount: Decimal, number: str, day: str) -> None:
        """Record a check that came by mail for the invoice with this number in the books."""

    # -- looking -----------------------------------------------------------------------------------
    def shown(self, kind: str) -> Mapping[str, Shown]:
        """What the books list of a kind, by id."""

    def word(self, kind: str) -> str:
        """Their own word for a kind."""

    def reader(self, before: Known = frozenset()) -> TheirReader:
        """Somebody who reads the books for the comparison."""


#: Our word for a kind of the books -> (QuickBooks' word, the member that names a record).
_WORDS = {
    "customer": ("Customer", "FullyQualifiedName"),
    "vendor": ("Vendor", "DisplayName"),
    "invoice": ("Invoice", "DocNumber"),
    "payment": ("Payment", "PaymentRefNum"),
    "expense": ("Purchase", "DocNumber"),
    "bill": ("Bill", "DocNumber"),
    "deposit": ("Deposit", "TxnDate"),
}


class Online:
    """The twin of QuickBooks Online, worked in over HTTP. `seed` is `empty` or `sample`."""

    provider = "qbo"
    chart = CHART
    rules = RULES

    def __init__(self, *, seed: str) -> None:
        self.twin: TwinApp = make_app(new_company(seed=seed))
        self._base_url = ""
        self._bookkeeper: Bookkeeper | None = None

    @property
    def address(self) -> BooksAddress:
        return BooksAddress(
            base_url=self._base_url, realm=self.twin.company.realm, token=self.twin.settings.access_token
        )

    @property
    def place(self) -> str:
        return f"{self._base_url}/books/   (play the bookkeeper; no login)"

    def apps(self) -> Mapping[str, Any]:
        return {**dict.fromkeys(PREFIXES, self.twin), PREFIX: deep_links}

    def environment(self, base_url: str) -> dict[str, str]:
        self._base_url = base_url
        return {
            "BLUEOPS_QB_QBO_ENVIRONMENT": "sandbox",
            "BLUEOPS_QB_QBO_CLIENT_ID": self.twin.settings.client_id,
            "BLUEOPS_QB_QBO_CLIENT_SECRET": self.twin.settings.client_secret,
            "BLUEOPS_QB_QBO_API_BASE": base_url,
            "BLUEOPS_QB_QBO_DISCOVERY_URL": f"{base_url}/.well-known/openid_sandbox_configuration",
            "BLUEOPS_QB_QBO_AUTHORIZATION_ENDPOINT": f"{base_url}/connect/oauth2",
            "BLUEOPS_QB_QBO_TOKEN_ENDPOINT": f"{base_url}/oauth2/v1/tokens/bearer",
            "BLUEOPS_QB_QBO_REVOCATION_ENDPOINT": f"{base_url}/v2/oauth2/tokens/revoke",
            "BLUEOPS_QB_QBO_APP_BASE": f"{base_url}{PREFIX}/",
            "BLUEOPS_QB_QBO_ALLOW_LOOPBACK_HTTP": "1",
            **NO_PACE,
        }

    def end(self) -> None:
        if self._bookkeeper is not None:
            self._bookkeeper.close()
        self.twin.weather.end()

    def connect(self, base_url: str) -> str:
        visitor = Visitor(base_url)
        try:
            visitor.sign_in("admin", PASSWORD)
            visitor.open(f"{PAGES}/connect")
            visitor.submit(f"/connect/{self.provider}")
            visitor.submit("/connect/oauth2", decision="allow")
        finally:
            visitor.close()
        return "through the consent page"

    def come_by(self) -> None:
        """QuickBooks Online is called."""

    # -- what the bookkeeper does ------------------------------------------------------------------
    @property
    def bookkeeper(self) -> Bookkeeper:
        """The person at the books' own screens."""
        if self._bookkeeper is None:
            self._bookkeeper = Bookkeeper(self.address)
        return self._bookkeeper

    def prepare(self) -> None:
        books = self.bookkeeper
        if not books.find("Item", Name="Discount"):
            income = books.account("4900")
            books.enter("Item", {"Name": "Discount", "Type": "Service", "IncomeAccountRef": income})

    def enter_customer(self, name: str, *, email: str, phone: str, street: str) -> str:
        entered = self.bookkeeper.enter("Customer", _party(name, email=email, phone=phone, street=street))
        return str(entered["Id"])

    def enter_vendor(self, name: str, *, phone: str, street: str) -> None:
        self.bookkeeper.enter("Vendor", _party(name, phone=phone, street=street))

    def rename(self, id: str, name: str) -> None:
        self.bookkeeper.correct_customer(id, name=name)

    def move(self, name: str, place: Address) -> None:
        theirs = self.bookkeeper.the("Customer", DisplayName=name)
        lines = {
            "Line1": place.line1,
            "City": place.city,
            "CountrySubDivisionCode": place.state,
            "PostalCode": place.postal_code,
        }
        self.bookkeeper.correct_customer(str(theirs["Id"]), name=name, address=lines)

    def receive_check(self, *, invoice: str, amount: Decimal, number: str, day: str) -> None:
        theirs = self.bookkeeper.the("Invoice", DocNumber=invoice)
        self.bookkeeper.receive_check(
            customer=str(theirs["CustomerRef"]["value"]),
            invoice=str(theirs["Id"]),
            amount=amount,
            number=number,
            day=day,
        )

    # -- looking -----------------------------------------------------------------------------------
    def shown(self, kind: str) -> Mapping[str, Shown]:
        word, named_by = _WORDS[kind]
        return {
            str(raw["Id"]): Shown(title=str(raw.get(named_by, "")), amount=_money(raw.get("TotalAmt")))
            for raw in self.bookkeeper.find(word)
        }

    def word(self, kind: str) -> str:
        return _WORDS[kind][0]

    def reader(self, before: Known = frozenset()) -> TheirReader:
        return BooksReader(self.address, prefix=self.chart.prefix, before=before)


def _money(amount: object) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(Decimal("0.01"))


def _party(name: str, *, email: str = "", phone: str = "", street: str = "") -> dict[str, object]:
    body: dict[str, object] = {"DisplayName": name}
    if email:
        body["PrimaryEmailAddr"] = {"Address": email}
    if phone:
        body["PrimaryPhone"] = {"FreeFormNumber": phone}
    if street:
        body["BillAddr"] = {
            "Line1": street,
            "City": "Reno",
            "CountrySubDivisionCode": "NV",
            "PostalCode": "89501",
        }
    return body
