"""The table of messages: for each request the elements that we may send, their order, form and length.

Written from reference/quickbooks-desktop.md section 4 and, where that is silent, from the facts of the 13.0 schema:
only what QuickBooks in the United States takes. A test compares it with the schema where that is at hand.
"""

from __future__ import annotations

from functools import cache

from blueops_qb.providers.qbd.qbxml.model import Group, Leaf, Slot, parsed
from blueops_qb.providers.qbd.qbxml.tables import costs, lists, money, parties, requests, sales, shared

_BLOCKS: dict[str, str] = {
    **parties.MESSAGES,
    **lists.MESSAGES,
    **sales.MESSAGES,
    **costs.MESSAGES,
    **money.MESSAGES,
    **{name: line for name, line in requests.MESSAGES.items() if not name.endswith("Rq")},
}
_PLAIN = {name: line for name, line in requests.MESSAGES.items() if name.endswith("Rq")}
_LINES = {**shared.LINES, **sales.LINES, **costs.LINES}
#: Every request that can be made, by the name of its element.
REQUESTS: tuple[str, ...] = (*(f"{block}Rq" for block in _BLOCKS), *_PLAIN)
PAGED = requests.PAGED
#: These answer nothing that could be chosen from.
_BARE = frozenset({"DataExtAdd"})


@cache
def content_of(request: str) -> Group:
    """What the request may hold; raises KeyError for one that is not in the table."""
    if request in _PLAIN:
        return parsed(_PLAIN[request], _LINES)
    block = request.removesuffix("Rq")
    inner = Slot(name=block, content=parsed(_BLOCKS[block], _LINES), needed=True)
    returned = (
        ()
        if block in _BARE
        else (Slot(name="IncludeRetElement", content=Leaf(kind="s", length=50), repeated=True),)
    )
    return Group(parts=(inner, *returned))


@cache
def block_of(request: str) -> Group:
    """What stands inside the block of an Add or Mod; raises KeyError."""
    return parsed(_BLOCKS[request.removesuffix("Rq")], _LINES)
