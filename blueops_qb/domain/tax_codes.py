"""Tax codes: what is charged at a place of work, as the books list it with its rates."""

from __future__ import annotations

import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.refs import BooksRef


class TaxUse(enum.StrEnum):
    """What a rate is charged on."""

    SALES = "sales"
    PURCHASES = "purchases"


@attrs.frozen(kw_only=True)
class TaxRate:
    """One rate of a code: `percent` of the taxable amount, owed to `agency`, which the books name by id."""

    name: str
    percent: Decimal
    agency: BooksRef
    on: TaxUse = TaxUse.SALES


@attrs.frozen(kw_only=True)
class TaxCodeRecord:
    """A tax code with all its rates. It is only ever created: what was charged under it must stay what it was."""

    name: str
    rates: tuple[TaxRate, ...]
