"""Currencies: QuickBooks Desktop names them in words; documents name them by code (section 5.5).

The words are those of the list that a new company file brings; an edited one is taken as it is.
"""

from __future__ import annotations

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbd.qbxml.element import Element

_CODES = {
    "us dollar": "USD",
    "canadian dollar": "CAD",
    "mexican peso": "MXN",
    "euro": "EUR",
    "british pound sterling": "GBP",
    "australian dollar": "AUD",
}


def code_of(full_name: str) -> str:
    """The code of a currency that is named in words, else the words themselves."""
    return _CODES.get(full_name.casefold(), full_name)


def currency_of(ret: Element, profile: BooksProfile) -> str:
    """The currency of a record; the home currency where it does not say."""
    full_name = ret.get("CurrencyRef", "FullName")
    return code_of(full_name) if full_name else profile.currency
