"""Former names: a name that a customer bore once and that still stands above his address is no street.

Some books keep the name as the first line of an address (reference/quickbooks-desktop.md section 4.1), and leave it
there when the customer gets another one.
"""

from __future__ import annotations

import re
from typing import TypeVar

import attrs

from blueops_qb.domain.documents import CustomerRecord, Document
from blueops_qb.domain.party_records import Address

D = TypeVar("D", bound=Document)
_WORD = re.compile(r"\w+")


def without_former_name(theirs: D, base_theirs: D, base_ours: Document) -> tuple[D, D]:
    """What the books show of a customer now, and showed when both sides agreed, without such a line.

    It is one that he was named by then; or one that stood there then already, while we said the address without it.
    """
    if not isinstance(theirs, CustomerRecord) or not isinstance(base_theirs, CustomerRecord):
        return theirs, base_theirs
    then, now = base_theirs.billing, theirs.billing
    bare = _below(then)
    stood = isinstance(base_ours, CustomerRecord) and bare is not None and _same(bare, base_ours.billing)
    if stood and then is not None and now is not None and _words(now.line1) == _words(then.line1):
        agreed = base_ours.billing if isinstance(base_ours, CustomerRecord) else bare
        shown = agreed if _same(_below(now), agreed) else _below(now)
        return attrs.evolve(theirs, billing=shown), attrs.evolve(base_theirs, billing=agreed)
    names = _names(base_theirs)
    if names == _names(theirs) or now is None or not now.line2 or _words(now.line1) not in names:
        return theirs, base_theirs
    if then is not None and _words(then.line1) == _words(now.line1):
        return theirs, base_theirs  # both agreed that his street is called so
    return attrs.evolve(theirs, billing=then if _same(_below(now), then) else _below(now)), base_theirs


def _names(record: CustomerRecord) -> list[list[str]]:
    person = f"{record.given_name} {record.family_name}"
    return [words for name in (record.name, record.company, person) if (words := _words(name))]


def _below(address: Address | None) -> Address | None:
    """An address without its first line; None where nothing would be left of it."""
    if address is None or not address.line2:
        return None
    return attrs.evolve(address, line1=address.line2, line2="")


def _same(one: Address | None, other: Address | None) -> bool:
    """Equal, wherever the lines are broken."""
    return one is not None and other is not None and _flat(one) == _flat(other)


def _flat(address: Address) -> Address:
    lines = f"{address.line1} {address.line2}".split()
    return attrs.evolve(address, line1=" ".join(lines), line2="")


def _words(text: str) -> list[str]:
    return sorted(_WORD.findall(text.casefold()))
