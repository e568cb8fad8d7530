"""Why: for each debit and credit of a document, the chain of look-ups that led to its account, in sentences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import Document
from blueops_qb.domain.mapping import Family, Mapping, MapRule
from blueops_qb.domain.posting.trace import Decided, Step, Trace, Tried
from blueops_qb.domain.postings import Origin, Posting
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import suggest
from blueops_qb.engine.subledger import effects_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t


@attrs.frozen(kw_only=True)
class PostingWhy:
    """One debit or credit, and why it is on this account: sentences in the order in which it was decided."""

    side: str
    account_id: str
    account: str
    amount: str
    part: str
    customer: str
    vendor: str
    class_: str
    location: str
    #: What decided in the end: rule, line override, item, books, nothing.
    decided: str
    why: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Saved:
    """Who saved a row of the mapping, when, and in which version it first stood as it does."""

    version: int
    by: str = ""
    at: dt.datetime | None = None


@attrs.define(kw_only=True)
class Whys:
    """Explains the postings of one record's documents from the steps of its trace."""

    turn: Turn
    mapping: Mapping
    steps: Sequence[Step]
    _saved: dict[MapRule, Saved] = attrs.field(factory=dict)

    def postings(self, document: Document) -> list[PostingWhy]:
        """The debits and credits of a document as the sub-ledger keeps them, each with its why."""
        return [self._posting(line) for line in effects_of(self.turn, document, mapping=self.mapping)]

    def _posting(self, line: Posting) -> PostingWhy:
        decided, why = self._why(line)
        return PostingWhy(
            side="Dr" if line.amount > 0 else "Cr",
            account_id=line.account,
            account=self._label(BooksKind.ACCOUNT, line.account) or "(the books choose)",
            amount=str(abs(line.amount)),
            part=line.origin.part if line.origin else "",
            customer=str(line.customer or ""),
            vendor=str(line.vendor or ""),
            class_=self._label(BooksKind.CLASS, line.class_),
            location=self._label(BooksKind.LOCATION, line.location),
            decided=decided,
            why=tuple(why),
        )

    # -- the chain -----------------------------------------------------------------------------------
    def _why(self, line: Posting) -> tuple[str, list[str]]:
        origin = line.origin or Origin(part="")
        step = self._step(line, origin)
        if step is None:
            return self._without_step(line, origin)
        where = step.where or origin.part
        if step.decided is Decided.LINE_OVERRIDE:
            said = [f"{where}: a bookkeeper re-coded it, which goes before every row: {step.note}"]
        else:
            said = [f"{where}: the {_words(step.family)} is “{step.key}”"]
        said += [self._asked(tried, step.on) for tried in step.tried]
        if step.rule is not None:
            said.append(self._row(step.rule))
        said += self._through_item(line, origin)
        return step.decided.value, said

    def _without_step(self, line: Posting, origin: Origin) -> tuple[str, list[str]]:
        if origin.role:
            trace = Trace()
            rule = self.mapping.rule_for(Family.ROLE, origin.role, (), line.date)
            trace.looked_up(
                self.mapping, Family.ROLE, origin.role, (), where=origin.part, on=line.date, rule=rule
            )
            (step,) = trace.steps
            said = [f"{origin.part}: the account with the special duty “{origin.role}”"]
            said += [self._asked(tried, step.on) for tried in step.tried]
            if rule is None:
                return "books", [*said, "so the books choose the account themselves"]
            if line.account and rule.target.account is not None and rule.target.account.id == line.account:
                return "rule", [*said, self._row(rule)]
        through = self._through_item(line, origin)
        if through:
            return "item", [f"{origin.part}: the document names the item", *through]
        if not line.account:
            return "books", [f"{origin.part}: the document names no account, so the books choose it"]
        return "document", [
            f"{origin.part}: the document names this account; no look-up of today leads to it"
        ]

    def _step(self, line: Posting, origin: Origin) -> Step | None:
        """The look-up that led here: the one of the same line before others that lead to the same place."""
        fitting = [step for step in self.steps if self._leads_to(step, line, origin)]
        if not fitting:
            return None
        return max(fitting, key=lambda step: _nearness(step, origin))

    def _leads_to(self, step: Step, line: Posting, origin: Origin) -> bool:
        target = step.target
        if target is None:
            return False
        if origin.item:
            return target.item is not None and target.item.id == origin.item
        if target.account is not None and target.item is None:
            return target.account.id == line.account
        costs = self.turn.catalog.item_cost_accounts
        # A journal entry has no items: the item counts by its cost account.
        by_item = target.item is not None and costs.get(target.item.id) == line.account
        return by_item or (target.account is not None and target.account.id == line.account)

    def _through_item(self, line: Posting, origin: Origin) -> list[str]:
        if not origin.item:
            return []
        item, account = self._label(BooksKind.ITEM, origin.item), self._label(BooksKind.ACCOUNT, line.account)
        if not line.account:
            return [f"the item “{item}” has no account in the catalog as it was read last"]
        return [f"the item “{item}” posts to {account} in the books' catalog"]

    # -- sentences -----------------------------------------------------------------------------------
    def _asked(self, tried: Tried, on: dt.date | None) -> str:
        who = f"for “{tried.scope}”" if tried.scope else "for the whole company"
        later = tried.later.valid_from if tried.later is not None else None
        if tried.rule is not None:
            until = f" (another one from {later} on)" if later else ""
            return f"asked {who}: there is a row{f' for {on}' if on else ''}{until}"
        return f"asked {who}: no row" + (f" yet, only from {later} on" if later else "")

    def _row(self, rule: MapRule) -> str:
        saved = self._saved_by(rule)
        since = f", for documents dated from {rule.valid_from} on" if rule.valid_from else ""
        by = f", saved by {saved.by} on {saved.at:%Y-%m-%d %H:%M} UTC" if saved.at is not None else ""
        first = f" (as in version {saved.version})" if saved.version != rule.version else ""
        leads = ", ".join(
            f"{kind.value.replace('_', ' ')} “{suggest.label_of(self.turn.catalog, ref)}”"
            for part, kind in suggest.PART_KINDS.items()
            if isinstance(ref := getattr(rule.target, part), BooksRef)
        )
        return f"row of mapping version {rule.version}{first}{by}{since}: leads to {leads}"

    def _saved_by(self, rule: MapRule) -> Saved:
        if rule not in self._saved:
            self._saved[rule] = saved(self.turn, rule)
        return self._saved[rule]

    def _label(self, kind: BooksKind, id: str) -> str:
        return suggest.label_of(self.turn.catalog, BooksRef(kind, id)) if id else ""


def saved(turn: Turn, rule: MapRule) -> Saved:
    """Since which version a row stands as it does, and who saved that version; a version is copied by the next."""
    r, v = t.mapping_rules, t.mappings
    query = (
        sa.select(r.c.version, r.c.target)
        .where(
            r.c.connection_id == turn.id,
            r.c.family == rule.family.value,
            r.c.key == rule.key,
            r.c.scope == rule.scope,
            r.c.valid_from == (rule.valid_from or dt.date.min),
            r.c.version <= rule.version,
        )
        .order_by(r.c.version.desc())
    )
    first, target = rule.version, wire.dump(rule.target)
    for row in turn.connection.execute(query):
        if row.target != target or row.version < first - 1:
            break
        first = row.version
    known = turn.connection.execute(
        sa.select(v.c.created_by, v.c.created_at).where(v.c.connection_id == turn.id, v.c.version == first)
    ).one_or_none()
    if known is None:
        return Saved(version=first)
    return Saved(version=first, by=known.created_by, at=known.created_at)


def _nearness(step: Step, origin: Origin) -> tuple[bool, bool, bool]:
    """How surely a look-up is the one of this part of the document."""
    line, _, of = origin.line_id.partition("/")
    same_line = bool(line) and (f"line {line} " in f"{step.where} ")
    same_part = bool(of) and of in step.where
    return step.decided is Decided.LINE_OVERRIDE and same_line, same_line, same_part


def _words(family: Family) -> str:
    return family.value.replace("_", " ")
