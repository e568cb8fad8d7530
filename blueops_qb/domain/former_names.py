"""Former names: a name that a customer bore once and that still stands above his address is no street.

Some books keep the name as the first line of an address (reference/quickbooks-desktop.md section 4.1), and leave it
there when the customer gets another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import attrs

from blueops_qb.domain.documents import CustomerRecord, Document
from blueops_qb.domain.party_records import Address

D = TypeVar("D", bound=Document)
_WORD = re.compile(r"\w+")


def without_former_name(
    theirs: D, base_theirs: D, base_ours: Document, *, above: Sequence[str] = ()
) -> tuple[D, D]:
    """What the books show of a customer or job now, and showed when both sides agreed, without such a line.

    It is one that he was named by then, or of a job one of the names that its customer has borne (`above`); or one that
    stood there then already, while we said the address without it.
    """
    if not isinstance(theirs, CustomerRecord) or not isinstance(base_theirs, CustomerRecord):
        return theirs, base_theirs
    told = [words for name in above if (words := _words(name))]
    own, was = _names(theirs), _names(base_theirs)
    ours = base_ours if isinstance(base_ours, CustomerRecord) else None
    # What he is called now is left out of the one address by the lens of the books that put it there themselves.
    billing = _without(
        theirs.billing,
        base_theirs.billing,
        None if ours is None else ours.billing,
        [*told, *(was if was != own else ())],
    )
    shipping = _without(
        theirs.shipping,
        base_theirs.shipping,
        None if ours is None else ours.shipping,
        [*told, *own, *was],
    )
    return (
        attrs.evolve(theirs, billing=billing[0], shipping=shipping[0]),
        attrs.evolve(base_theirs, billing=billing[1], shipping=shipping[1]),
    )


def _without(
    now: Address | None, then: Address | None, ours: Address | None, names: Sequence[list[str]]
) -> tuple[Address | None, Address | None]:
    """One of the addresses of a customer, now and then, without the name above it; `ours` is what we said then."""
    both = now is not None and then is not None and _words(now.line1) == _words(then.line1)
    if both and _same(_below(then), ours):
        return (ours if _same(_below(now), ours) else _below(now)), ours
    if now is None or not now.line2 or _words(now.line1) not in names:
        return now, then
    if both:
        return now, then  # both agreed that his street is called so
    return (then if _same(_below(now), then) else _below(now)), then


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
