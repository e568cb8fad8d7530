"""Books: what the codec knows of the company that it writes for."""

from __future__ import annotations

import attrs

from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.providers.qbd.codec.short_names import Names, NoNames
from blueops_qb.providers.qbd.settings import QbdSettings


@attrs.frozen(kw_only=True)
class Books:
    """The company's preferences, the provider's settings, and the table of short forms."""

    profile: BooksProfile = attrs.field(factory=BooksProfile)
    settings: QbdSettings = attrs.field(factory=QbdSettings)
    names: Names = attrs.field(factory=NoNames)

    @property
    def taxing(self) -> bool:
        """Whether anything about sales tax may be sent at all (section 5.3)."""
        return self.profile.sales_tax in (SalesTax.MANUAL, SalesTax.AUTOMATIC)

    @property
    def taxed(self) -> str:
        """The code of a taxable line."""
        return self.profile.taxed_code or self.settings.taxed_code

    @property
    def untaxed(self) -> str:
        """The code of any other line."""
        return self.profile.untaxed_code or self.settings.untaxed_code
