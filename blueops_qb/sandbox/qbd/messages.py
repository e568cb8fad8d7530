"""Every message the twin knows, read from the tables: requests with their members, records with theirs."""

from __future__ import annotations

import enum
from functools import cache

import attrs

from blueops_qb.sandbox.qbd.messages_lists import LISTS
from blueops_qb.sandbox.qbd.messages_money import MONEY
from blueops_qb.sandbox.qbd.messages_purchases import PURCHASES
from blueops_qb.sandbox.qbd.messages_queries import (
    DIRECT,
    LIST_QUERIES,
    OTHER_RETS,
    OTHERS,
    RECOVERY,
    TXN_QUERIES,
)
from blueops_qb.sandbox.qbd.messages_sales import SALES
from blueops_qb.sandbox.qbd.notation import Node, read_notation
from blueops_qb.sandbox.qbd.passages import PASSAGES

TXNS = {**SALES, **PURCHASES, **MONEY}


class Verb(enum.Enum):
    """What a message does."""

    LIST_ADD = "list add"  #: puts a member into a list
    LIST_MOD = "list mod"  #: changes a member of a list
    LIST_QUERY = "list query"  #: asks for members of a list
    TXN_ADD = "transaction add"  #: enters a transaction
    TXN_MOD = "transaction mod"  #: changes a transaction
    TXN_QUERY = "transaction query"  #: asks for transactions
    OTHER = "other"  #: has a rule of its own


@attrs.frozen(kw_only=True)
class Message:
    """A request by name (without ``Rq``): what it does, to which kind, and the structure of its element."""

    name: str
    verb: Verb
    kind: str
    nodes: tuple[Node, ...]


def _spell() -> dict[str, tuple[Verb, str, str]]:
    spelled: dict[str, tuple[Verb, str, str]] = {}
    for kind, (add, mod, _) in LISTS.items():
        spelled[f"{kind}Add"] = (Verb.LIST_ADD, kind, f"{kind}Add*{{ {add} }} @IRE")
        if mod:
            spelled[f"{kind}Mod"] = (Verb.LIST_MOD, kind, f"{kind}Mod*{{ @KEY {mod} }} @IRE")
    for kind, (add, mod, _) in TXNS.items():
        spelled[f"{kind}Add"] = (Verb.TXN_ADD, kind, f"{kind}Add*{{ {add} }} @IRE")
        if mod:
            spelled[f"{kind}Mod"] = (Verb.TXN_MOD, kind, f"{kind}Mod*{{ @TXNKEY {mod} }} @IRE")
    for kind, query in LIST_QUERIES.items():
        spelled[f"{kind}Query"] = (Verb.LIST_QUERY, kind, query)
    for kind, query in TXN_QUERIES.items():
        spelled[f"{kind}Query"] = (Verb.TXN_QUERY, kind, query)
    for name, members in OTHERS.items():
        spelled[name] = (Verb.OTHER, "", members)
    return spelled


_SPELLED = _spell()

MESSAGES = frozenset(_SPELLED)


@cache
def message(name: str) -> Message | None:
    """The message of this name, or None where the twin knows none."""
    if name not in _SPELLED:
        return None
    verb, kind, text = _SPELLED[name]
    return Message(name=name, verb=verb, kind=kind, nodes=read_notation(text, PASSAGES))


@cache
def ret(kind: str) -> tuple[Node, ...]:
    """The members of a record of this kind, in their order."""
    if kind in LISTS:
        return read_notation(f"@HEAD {LISTS[kind][2]}", PASSAGES)
    if kind in TXNS:
        return read_notation(f"@TXN {TXNS[kind][2]}", PASSAGES)
    return read_notation(OTHER_RETS[kind], PASSAGES)


@cache
def direct(name: str) -> tuple[Node, ...]:
    """What stands directly in the answer to a removal."""
    return read_notation(DIRECT[name], PASSAGES)


@cache
def recovery() -> tuple[Node, ...]:
    """The block that identifies what was written."""
    return read_notation(RECOVERY, PASSAGES)
