"""Chaos count: what is lost, doubled, linked wrongly or left for a person after the chaos.

Core's tables are read on one side and the twin's own answers on the other. A record is found in the books by its
word, never by a link; the links are compared only afterwards, with what was found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.sandbox.bench.house import TENANT, BenchHouse
from blueops_qb.sandbox.bench.kill_work import TwinBooks
from blueops_qb.store import tables as t


@attrs.frozen(kw_only=True)
class Here:
    """A record of core as the books should show it; `amount` None = taken out, or without one."""

    ref: str
    entity: str
    word: str
    amount: Decimal | None = None
    phone: str = ""
    void: bool = False


def differences(house: BenchHouse, books: TwinBooks) -> dict[str, list[str]]:
    """What is lost, doubled, linked wrongly or for a person, by core's tables and the twin's own answers."""
    there: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for entity in _WORDS:
        rows = there.setdefault(entity, {})
        for row in books.all(entity):
            rows.setdefault(_word(entity, row), []).append(row)
    lost: list[str] = []
    doubled: list[str] = []
    links = _links(house)
    wrong: list[str] = []
    for here in _ours(house):
        found = there[here.entity].pop(here.word, [])
        if here.void:
            lost += [
                f"{here.ref} is still in the books: {row['Id']}"
                for row in found
                if not _is_out(here.entity, row)
            ]
            continue
        if not found:
            lost.append(f"{here.ref} ({here.word}) is not in the books")
            continue
        if len(found) > 1:
            doubled.append(f"{here.ref} ({here.word}): {[row['Id'] for row in found]}")
        row = found[0]
        if here.amount is not None and Decimal(str(_amount(here.entity, row))) != here.amount:
            lost.append(f"{here.ref}: {_amount(here.entity, row)} in the books, {here.amount} here")
        if here.phone and row.get("PrimaryPhone", {}).get("FreeFormNumber", "") != here.phone:
            lost.append(f"{here.ref}: the phone number {here.phone} did not arrive")
        if links.get(here.ref) != [row["Id"]]:
            wrong.append(f"{here.ref}: linked with {links.get(here.ref)}, in the books as {row['Id']}")
    # What carries a word of ours and no record stands for it.
    doubled += [
        f"{entity} {word}: {[row['Id'] for row in rows]} without a record here"
        for entity, by_word in there.items()
        for word, rows in by_word.items()
        if word and not all(_is_out(entity, row) for row in rows)
    ]
    return {
        "lost": sorted(lost),
        "doubled": sorted(doubled),
        "wrong_links": sorted(wrong),
        "person": sorted(_for_a_person(house)),
    }


def in_books(books: TwinBooks) -> dict[str, int]:
    """How many objects with a word of ours each kind has, those that were taken out not counted."""
    return {
        entity: sum(1 for row in books.all(entity) if _word(entity, row) and not _is_out(entity, row))
        for entity in _WORDS
    }


def written(house: BenchHouse) -> int:
    """How many objects the books should have: one for each record of core that is not void."""
    return sum(not here.void for here in _ours(house))


#: Where the word of a record stands.
_WORDS: Mapping[str, str] = {
    "Customer": "DisplayName",
    "Vendor": "DisplayName",
    "Invoice": "DocNumber",
    "Payment": "PaymentRefNum",
    "Bill": "DocNumber",
    "Purchase": "PrivateNote",
    "JournalEntry": "PrivateNote",
    "Deposit": "PrivateNote",
}


def _word(entity: str, row: Mapping[str, Any]) -> str:
    """The word by which a record of ours is found; empty for what is not ours."""
    text = str(row.get(_WORDS[entity], ""))
    if entity in ("Customer", "Vendor"):
        return text.rpartition(" ")[2] if text.startswith("Chaos ") else ""
    if entity == "Invoice":
        return text if text.startswith("BO-") else ""
    if entity == "Bill":
        return text.removeprefix("V-") if text.startswith("V-C") else ""
    word = text.partition(" ")[0]
    return word if word[:1] == "C" and word[1:].isdigit() else ""


def _amount(entity: str, row: Mapping[str, Any]) -> Any:
    return row["Line"][0]["Amount"] if entity == "JournalEntry" else row["TotalAmt"]


def _is_out(entity: str, row: Mapping[str, Any]) -> bool:
    """Whether a record that is still shown was taken out: inactive, or void; all others are deleted."""
    if entity in ("Customer", "Vendor"):
        return row.get("Active") is False
    return entity in ("Invoice", "Payment") and Decimal(str(row["TotalAmt"])) == 0


def _ours(house: BenchHouse) -> Iterator[Here]:
    query = sa.text("SELECT kind, id, record FROM core_records WHERE tenant_id = :t")
    with house.core.engine.connect() as connection:
        rows = [
            (row.kind, row.id, json.loads(row.record)) for row in connection.execute(query, {"t": TENANT})
        ]
    for kind, id, record in rows:
        yield attrs.evolve(_here(kind, record), ref=f"{kind}:{id}")


def _here(kind: str, record: Mapping[str, Any]) -> Here:
    if kind in ("customer", "job", "vendor"):
        entity = "Vendor" if kind == "vendor" else "Customer"
        word = record["name"].rpartition(" ")[2]
        return Here(ref="", entity=entity, word=word, phone=record.get("phone") or "")
    void = bool(record.get("void"))
    if kind == "invoice":
        return Here(
            ref="",
            entity="Invoice",
            word=f"BO-{record['number']}",
            amount=Decimal(record["total"]),
            void=void,
        )
    if kind == "payment":
        return Here(
            ref="", entity="Payment", word=record["reference"], amount=Decimal(record["amount"]), void=void
        )
    if kind == "payout":
        return Here(ref="", entity="Deposit", word=record["memo"], amount=Decimal(record["net"]), void=void)
    entity = {"bill": "Bill", "check": "Purchase", "use_tax": "JournalEntry"}[record["type"]]
    return Here(ref="", entity=entity, word=record["memo"], amount=Decimal(record["total"]), void=void)


def _links(house: BenchHouse) -> dict[str, list[str]]:
    d, lk = t.documents, t.links
    query = (
        sa.select(d.c.source_kind, d.c.source_id, lk.c.books_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(lk.c.state == "live")
    )
    found: dict[str, list[str]] = {}
    with house.core.engine.connect() as connection:
        for row in connection.execute(query):
            found.setdefault(f"{row.source_kind}:{row.source_id}", []).append(row.books_id)
    return found


def _for_a_person(house: BenchHouse) -> Iterator[str]:
    o, c, x = t.outbox, t.conflicts, t.connections
    with house.core.engine.connect() as connection:
        for row in connection.execute(
            sa.select(o.c.ref_kind, o.c.ref_id, o.c.state, o.c.reason).where(
                o.c.state.not_in(["done", "superseded", "not_posted"])
            )
        ):
            yield f"{row.ref_kind}:{row.ref_id} {row.state}: {row.reason}"
        yield from connection.execute(sa.select(c.c.reason).where(c.c.state == "open")).scalars()
        unwell = sa.select(x.c.health, x.c.health_reason).where(x.c.health != "ok")
        for health, reason in connection.execute(unwell):
            yield f"connection {health}: {reason}"
