"""One slice of a period compared: every document of ours in it, and everything else that the books hold.

What only the books have is listed apart and never touched. Sums are kept per account and customer or job. Documents
pass in batches; what stays in memory are the sums and the findings of one month.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.agreement import Compared, Difference, Kind, alike, all_of, compare
from blueops_qb.domain.agreement_rules import Chart, Line
from blueops_qb.domain.refs import BooksKind, DocumentKey, RecordRef
from blueops_qb.engine import agreement_sides as sides
from blueops_qb.engine.agreement_missing import Seen, became, sentence
from blueops_qb.engine.agreement_missing import seen as last_seen
from blueops_qb.engine.agreement_sides import Linked, Theirs, Transaction
from blueops_qb.engine.known import load_known
from blueops_qb.engine.mirroring import CAME
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

Row = dict[str, Any]
DIFFERENCE, BESIDES, PENDING = "difference", "besides", "pending"

REMEDIES: Mapping[Kind, str] = {
    Kind.MISSING: "Look for it in the books' audit log; then create it again, or unlink or void it in BlueOps.",
    Kind.VOIDED: "Void it in BlueOps too, or create it again in the books, on the conflicts page.",
    Kind.DOUBLED: "Delete the second one in the books if it is a copy.",
    Kind.EXTRA: "Enter it in BlueOps too if it belongs to the job, or leave it: it is the books' own.",
    Kind.ITEM_ACCOUNT: "Point the item back to its account in the books, or accept the new one for what is posted.",
    Kind.UNAPPLIED: "Apply the payment to its invoices again, on the side where that is missing.",
}
REMEDY = "Look at the record's page: accept what the books show, or send ours again."


@attrs.frozen(kw_only=True)
class Slice:
    """What is compared: the days of the period, and when the books were asked for them."""

    id: int
    connection_id: str
    start: dt.date
    end: dt.date
    read_at: dt.datetime
    #: From this day on, what only the books have on a customer of ours is a difference.
    live_since: dt.date | None = None


@attrs.define(kw_only=True)
class Comparing:
    """Compares one slice; writes nothing."""

    connection: sa.Connection
    slice: Slice
    theirs: Theirs
    chart: Chart
    #: Rows of findings, as they came.
    found: list[Row] = attrs.field(factory=list, init=False)
    _sums: dict[tuple[str, str], list[int]] = attrs.field(factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    _numbered: dict[tuple[str, str], Linked] = attrs.field(factory=dict)
    _kinds: Counter[str] = attrs.field(factory=Counter)
    _rules: dict[str, list[int]] = attrs.field(factory=lambda: defaultdict(lambda: [0, 0]))
    _unapplied: set[int] = attrs.field(factory=set)
    _count: Counter[str] = attrs.field(factory=Counter)

    def run(self) -> dict[str, Any]:
        """Compare everything; answers the slice's figures. The sums are in `sums` afterwards."""
        s = self.slice
        for batch in sides.documents(self.connection, s.connection_id, s.start, s.end, s.read_at):
            self._documents(batch)
        others = self.theirs.others(s.start, s.end)
        for start in range(0, len(others), sides.BATCH):
            self._documents(sides.by_id(self.connection, others[start : start + sides.BATCH], s.read_at))
        self._allocations()
        self._strangers()
        return {
            "documents": self._count["documents"],
            "moving": self._count["moving"],
            "besides": self._count["besides"],
            "differences": dict(sorted(self._kinds.items())),
            "explained": {
                rule: {"documents": documents, "cents": cents}
                for rule, (documents, cents) in sorted(self._rules.items())
            },
            "balances": self.theirs.balances(s.start, s.end),
        }

    def sums(self) -> list[Row]:
        """Rows of sums per account and customer; those at nothing are left out."""
        names = ("expected_cents", "held_cents", "besides_cents", "explained_cents")
        return [
            {
                "slice_id": self.slice.id,
                "account_id": account[:64],
                "customer_id": customer[:64],
                **dict(zip(names, amounts, strict=True)),
            }
            for (account, customer), amounts in sorted(self._sums.items())
            if any(amounts)
        ]

    # -- documents of ours -------------------------------------------------------------------------
    def _documents(self, batch: list[Linked]) -> None:
        self._count["moving"] += sum(one.moving for one in batch)
        still = [one for one in batch if not one.moving]
        ours = sides.ours(self.connection, self.slice.connection_id, [one.id for one in still])
        theirs = self.theirs.of([one.place for one in still])
        absent = [one.place for one in still if one.place not in theirs]
        gone = last_seen(self.connection, self.slice.connection_id, absent)
        for one in still:
            self._count["documents"] += 1
            shown = theirs.get(one.place)
            if shown is None:
                self._absent(one, ours.get(one.id, []), gone.get(one.place, Seen()))
            else:
                self._compared(one, ours.get(one.id, []), shown)

    def _compared(self, one: Linked, ours: list[Line], shown: Transaction) -> None:
        if shown.number:
            self._numbered[(shown.kind, shown.number)] = one
        names_somebody = any(line.customer or line.vendor for line in shown.lines)
        if omits := self.theirs.omits - ({"party"} if names_somebody else set()):
            ours = [line.without(omits) for line in ours]
        compared = compare(ours, shown.lines, self.chart, settles=one.place.kind is BooksKind.PAYMENT)
        self._add(compared)
        for difference in compared.differences:
            if difference.kind is Kind.DATE and not all(
                self._inside(line.day) for line in (*ours, *shown.lines)
            ):
                difference = attrs.evolve(difference, kind=Kind.MOVED_PERIOD)
            self._differs(one, difference, ours=compared.ours, theirs=compared.theirs)

    def _absent(self, one: Linked, ours: list[Line], seen: Seen) -> None:
        """The books' ledger shows nothing of it in what was read: it is gone, or on another day."""
        self._add(Compared(ours=tuple(ours), theirs=()))
        expected = min((line.day for line in ours), default=None)
        kind, detail = became(seen, self.slice.start, self.slice.end, expected)
        if any(line.cents for line in ours):
            self._differs(one, all_of(kind, ours, detail), ours=ours, theirs=())

    def _add(self, compared: Compared) -> None:
        for column, lines in enumerate((compared.ours, compared.theirs)):
            for line in lines:
                if self._inside(line.day):
                    self._sums[line.account, line.customer][column] += line.cents
        for one in compared.explained:
            if self._inside(one.place.day):
                self._sums[one.place.account, one.place.customer][3] += one.cents
            self._rules[one.rule.value][1] += abs(one.cents)
        for rule in {one.rule.value for one in compared.explained}:
            self._rules[rule][0] += 1

    def _inside(self, day: dt.date) -> bool:
        return self.slice.start <= day <= self.slice.end

    def _allocations(self) -> None:
        """Payments that settle something else now: the ledger shows nothing of it within one customer."""
        p, lk, m = t.postings, t.links, t.mirror
        s = self.slice
        inside = sa.exists().where(
            p.c.document_id == lk.c.document_id, p.c.counts, p.c.date.between(s.start, s.end)
        )
        query = (
            sa.select(lk.c.document_id, lk.c.base_theirs, m.c.document)
            .select_from(
                lk.join(
                    m,
                    sa.and_(
                        m.c.connection_id == lk.c.connection_id,
                        m.c.kind == lk.c.books_kind,
                        m.c.books_id == lk.c.books_id,
                    ),
                )
            )
            .where(
                lk.c.connection_id == s.connection_id,
                lk.c.books_kind == BooksKind.PAYMENT.value,
                lk.c.state == "live",
                lk.c.base_theirs.is_not(None),
                m.c.document.is_not(None),
                m.c.deleted.is_(False),
                m.c.document != lk.c.base_theirs,
                inside,
            )
            .order_by(lk.c.document_id)
        )
        for row in self.connection.execute(query).all():
            expected, shown = (
                wire.load_document(BooksKind.PAYMENT, text) for text in (row.base_theirs, row.document)
            )
            before, now = (getattr(one, "allocations", ()) for one in (expected, shown))
            if before == now or getattr(shown, "void", False):
                continue
            for one in sides.by_id(self.connection, [row.document_id], s.read_at):
                if not one.moving and one.id not in self._unapplied:
                    lost = sum((a.amount for a in before), Decimal(0)) - sum(
                        (a.amount for a in now), Decimal(0)
                    )
                    ours = sides.ours(self.connection, s.connection_id, [one.id]).get(one.id, [])
                    detail = f"{_settled(now)} in the books, {_settled(before)} is expected"
                    unapplied = attrs.evolve(
                        all_of(Kind.UNAPPLIED, ours, detail), cents=int(abs(lost) * 100) or 0
                    )
                    self._differs(one, unapplied, ours=ours, theirs=())

    # -- what is not ours --------------------------------------------------------------------------
    def _strangers(self) -> None:
        parties = sides.parties(self.connection, self.slice.connection_id)
        coming = self._coming()
        for one in self.theirs.strangers(self.slice.start, self.slice.end):
            day = str(min(line.day for line in one.lines))
            if coming & {(one.kind, one.number), (one.kind, day)}:
                self._count["moving"] += 1
                continue
            for line in one.lines:
                self._sums[line.account, line.customer][2] += line.cents
            if not any(line.cents for line in one.lines):
                continue
            twin = self._twin_of(one)
            known = [line.customer for line in one.lines if line.customer in parties]
            if twin is not None:
                detail = f"it is there as {twin.place} and once more as {one.name}"
                self._stranger(one, Kind.DOUBLED, twin.ref, twin.id, detail)
            elif known and self._is_new(one):
                party = parties[known[0]]
                self._stranger(one, Kind.EXTRA, party, None, f"{one.name} is only in the books, on {party}")
            else:
                self._count["besides"] += 1
                self._note(
                    BESIDES,
                    one.type or one.kind or "other",
                    ref=str(parties[known[0]]) if known else "",
                    transaction=one,
                    sentence=f"{one.name} is only in the books",
                )

    def _stranger(
        self, one: Transaction, kind: Kind, ref: RecordRef, document_id: int | None, detail: str
    ) -> None:
        self._kinds[kind.value] += 1
        self._note(
            DIFFERENCE,
            kind.value,
            ref=str(ref),
            document_id=document_id,
            transaction=one,
            sentence=f"{ref}: {detail}",
            remedy=REMEDIES[kind],
        )

    def _twin_of(self, one: Transaction) -> Linked | None:
        """The document of ours that this is once more: by its number and lines, or by the mark that it bears."""
        known = self._numbered.get((one.kind, one.number)) if one.number else None
        if known is not None:
            first = self.theirs.of([known.place]).get(known.place)
            if first is not None and alike(first.lines, one.lines):
                return known
        marker = self._seen(one)[1]
        try:
            key = DocumentKey.parse(marker.rpartition(".")[0])
        except ValueError:
            return None
        bearer = load_known(self.connection, self.slice.connection_id, [key.source]).get(key)
        found = sides.by_id(self.connection, [bearer.id], self.slice.read_at) if bearer is not None else []
        return found[0] if found else None

    def _is_new(self, one: Transaction) -> bool:
        """It came after the books were connected; older ones are their history."""
        since = self.slice.live_since
        return since is None or max(line.day for line in one.lines) >= since or self._seen(one)[0] in CAME

    def _seen(self, one: Transaction) -> tuple[str, str]:
        """How the mirror first saw it, and our mark on it."""
        m = t.mirror
        query = sa.select(m.c.origin, m.c.marker).where(
            m.c.connection_id == self.slice.connection_id, m.c.kind == one.kind, m.c.books_id == one.id
        )
        row = self.connection.execute(query).one_or_none()
        return (row.origin, row.marker) if row is not None else ("", "")

    def _coming(self) -> set[tuple[str, str]]:
        """(kind, number, or day where it has none) of what is on its way, and may stand in the books already."""
        d, o = t.documents, t.operations
        query = (
            sa.select(d.c.books_kind, d.c.content)
            .select_from(o.join(d, d.c.id == o.c.document_id))
            .where(d.c.connection_id == self.slice.connection_id, o.c.state.in_(["out", "uncertain"]))
        )
        found = set()
        for row in self.connection.execute(query):
            said = json.loads(row.content or "{}")
            mark = said.get("number") or said.get("reference") or said.get("date") or ""
            found.add((row.books_kind, str(mark)))
        return found

    # -- findings ----------------------------------------------------------------------------------
    def _differs(self, one: Linked, difference: Difference, *, ours: Any = (), theirs: Any = ()) -> None:
        self._kinds[difference.kind.value] += 1
        if difference.kind is Kind.UNAPPLIED:
            self._unapplied.add(one.id)
        remedy = REMEDIES.get(difference.kind, REMEDY)
        self._put(
            sort=DIFFERENCE,
            kind=difference.kind.value,
            document_id=one.id,
            ref=str(one.ref),
            books_kind=one.place.kind.value,
            books_id=one.place.id,
            day=min((line.day for line in (*ours, *theirs)), default=None),
            accounts=" ".join(difference.accounts),
            customers=" ".join(difference.customers),
            cents=difference.cents,
            sentence=sentence(one.ref, one.place, difference.kind, difference.detail),
            remedy=remedy,
            lines_json=lines_json(ours, theirs),
        )

    def _note(
        self,
        sort: str,
        kind: str,
        *,
        transaction: Transaction,
        ref: str = "",
        document_id: int | None = None,
        sentence: str = "",
        remedy: str = "",
    ) -> None:
        lines = transaction.lines
        self._put(
            sort=sort,
            kind=kind.lower().replace(" ", "_")[:16],
            document_id=document_id,
            ref=ref,
            books_kind=transaction.kind,
            books_id=transaction.id,
            day=min(line.day for line in lines),
            accounts=" ".join(dict.fromkeys(line.account for line in lines)),
            customers=" ".join(dict.fromkeys(line.customer for line in lines if line.customer)),
            cents=sum(line.cents for line in lines if line.cents > 0),
            sentence=sentence,
            remedy=remedy,
            lines_json=lines_json((), lines) if sort == DIFFERENCE else "",
        )

    def _put(self, **values: Any) -> None:
        self._count["findings"] += 1
        self.found.append({"owner_id": self.slice.id, "number": self._count["findings"], **values})


def _settled(allocations: Any) -> str:
    """What a payment settles, in words."""
    parts = [f"{a.invoice} with {a.amount:,.2f}" for a in allocations]
    return "it settles " + ", ".join(parts) if parts else "it settles nothing"


def lines_json(ours: Any, theirs: Any) -> str:
    """The lines of both sides as a finding keeps them."""

    def plain(line: Line) -> dict[str, Any]:
        said = attrs.asdict(line, filter=lambda field, value: field.name == "cents" or bool(value))
        return {name.rstrip("_"): str(v) if isinstance(v, dt.date) else v for name, v in said.items()}

    return json.dumps(
        {"ours": [plain(line) for line in ours], "theirs": [plain(line) for line in theirs]},
        separators=(",", ":"),
        sort_keys=True,
    )
