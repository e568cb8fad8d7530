"""A second income account, an item on it, and moving the past there."""

from collections import Counter

from blueops_qb.domain.mapping import Family, Mapping, MapRule
from blueops_qb.domain.mapping_change import revised
from blueops_qb.domain.refs import BooksKind, RecordRef
from blueops_qb.engine import reclass, rules_desk
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse, books_ref, rule

#: Another item for repairs, on an account of its own.
OTHER_ACCOUNT, OTHER_ITEM = books_ref(BooksKind.ACCOUNT, "4020"), books_ref(BooksKind.ITEM, "I")
TO_OTHER = rule(Family.SERVICE, "repair", item=OTHER_ITEM)


def draft_of(house: EngineHouse, *rules: MapRule) -> Mapping:
    with house.turn() as turn:
        present = turn.mapping
    return Mapping(version=present.version, rules=revised(present, rules))


def moved(house: EngineHouse, draft: Mapping, *, approved: str = "") -> tuple[RecordRef, ...]:
    with house.turn() as turn:
        digest = approved or reclass.plan(turn, draft).digest
        rules_desk.take_draft(turn, draft, actor="bookkeeper")
        return reclass.carry_out(turn, actor="bookkeeper", approved=digest)


def incomes(house: EngineHouse) -> dict[str, int]:
    """Cents of the income accounts in our sub-ledger, of what is linked."""
    linked = {row.document_id for row in house.rows(t.links, t.links.c.state == "live")}
    found: Counter[str] = Counter()
    for row in house.rows(t.postings, t.postings.c.counts):
        if row.document_id in linked:
            found[row.account] += row.cents
    return {account: cents for account, cents in sorted(found.items()) if cents and account.startswith("40")}
