"""Books profile: what the company on the other side has switched on, as last read from it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping

import attrs


class Tracking(enum.StrEnum):
    """Whether and where a dimension such as the class is kept."""

    OFF = "off"
    PER_TRANSACTION = "transaction"
    PER_LINE = "line"


class SalesTax(enum.StrEnum):
    """How the books treat sales tax."""

    #: Not used at all.
    OFF = "off"
    #: The company's own codes and rates.
    MANUAL = "manual"
    #: The books' automatic engine decides by address (AST in QuickBooks Online).
    AUTOMATIC = "automatic"
    #: The books did not say.
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class CustomField:
    """A field of its own that the company put on its sales forms; `id` is the books' number of it."""

    name: str
    id: str


@attrs.frozen(kw_only=True)
class BooksProfile:
    """The company's identity and preferences. What the books do not say keeps the cautious default."""

    company_id: str = ""
    company_name: str = ""
    country: str = ""
    currency: str = "USD"
    multicurrency: bool = False
    sales_tax: SalesTax = SalesTax.UNKNOWN
    class_tracking: Tracking = Tracking.OFF
    locations: bool = False
    #: True: our document number is kept; False: the books number sales themselves.
    custom_numbers: bool = True
    closing_date: dt.date | None = None
    auto_apply_credits: bool = False
    allows_discount: bool = True
    item_costs: bool = True
    #: Accounts bear numbers, which are shown; without that none is sent.
    account_numbers: bool = True
    plan: str = ""
    custom_fields: tuple[CustomField, ...] = ()
    #: The company's own words on a line that is taxed and on one that is not; empty where the books need none.
    taxed_code: str = ""
    untaxed_code: str = ""
    #: Where a discount is an item of its own: the account that it is posted to -> the item, by the books' ids.
    discount_items: Mapping[str, str] = attrs.field(factory=dict)
    #: Items whose lines only sum up those above and bring no money of their own, by the books' ids.
    subtotal_items: tuple[str, ...] = ()
