"""Looking keys up for one record: what is found, and everything that is missing, gathered in one answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from blueops_qb.domain import money
from blueops_qb.domain.documents import Document
from blueops_qb.domain.mapping import Family, Missing, Target
from blueops_qb.domain.overrides import overridden
from blueops_qb.domain.posting.context import Blocked, PostingContext
from blueops_qb.domain.profile import Tracking
from blueops_qb.domain.records import Job, Record
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef

R = TypeVar("R", bound=Record)
D = TypeVar("D", bound=Document)


class Held(Exception):
    """Ends a rule early, with the answer; `post` catches it, nobody else sees it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.blocked = Blocked(reason=reason, remedy=remedy)


def _unmapped(kind: BooksKind) -> BooksRef:
    """Stands in a document where nothing was found; never leaves `post`, which answers Blocked then."""
    return BooksRef(kind, "")


@attrs.frozen(kw_only=True)
class Lookup:
    """The mapping as one record sees it. `label` names the record in sentences, as in `Invoice 1041`.

    `on` is the date of the record, which says which rules count; None for records without one.
    """

    context: PostingContext
    label: str
    on: dt.date | None = None
    _missing: dict[tuple[Family, str], Missing] = attrs.field(factory=dict, init=False)
    _inactive: dict[BooksRef, str] = attrs.field(factory=dict, init=False)

    # -- what a line or document needs ---------------------------------------------------------------
    def target(self, family: Family, key: str, *, where: str, scopes: Sequence[str] = ()) -> Target | None:
        """The target of a key that must be mapped; None when it is not, which the caller notes by `miss`."""
        if not key:
            raise self.held(
                f"has no {family.value.replace('_', ' ')} for {where}",
                "Fill it in in BlueOps; the record is sent by itself then.",
            )
        return self._find(family, key, scopes, where=where)

    def _find(self, family: Family, key: str, scopes: Sequence[str], *, where: str) -> Target | None:
        context = self.context
        rule = context.mapping.rule_for(family, key, scopes, self.on)
        if context.trace is not None:
            context.trace.looked_up(context.mapping, family, key, scopes, where=where, on=self.on, rule=rule)
        return None if rule is None else rule.target

    def miss(self, family: Family, key: str, *, where: str) -> None:
        """Note that a key leads nowhere, or not to what is needed here."""
        used_for = f"{self.label}, {where}" if where else self.label
        self._missing.setdefault((family, key), Missing(family=family, key=key, used_for=used_for))

    def item(self, family: Family, key: str, *, where: str, scopes: Sequence[str] = ()) -> Target:
        """The target of a key that must lead to an item."""
        target = self.target(family, key, where=where, scopes=scopes)
        if target is None or target.item is None:
            self.miss(family, key, where=where)
            return Target(item=_unmapped(BooksKind.ITEM))
        self.use(target.item, where=where)
        return target

    def account(self, family: Family, key: str, *, where: str) -> BooksRef:
        """The account of a key."""
        target = self.target(family, key, where=where)
        if target is None or target.account is None:
            self.miss(family, key, where=where)
            return _unmapped(BooksKind.ACCOUNT)
        return self.use(target.account, where=where)

    def role(self, key: str, *, where: str) -> BooksRef:
        """The account with a special duty."""
        return self.account(Family.ROLE, key, where=where)

    def optional(self, family: Family, key: str, *, scopes: Sequence[str] = (), where: str = "") -> Target:
        """The target of a key that need not be mapped; an empty one when it is not."""
        found = self._find(family, key, scopes, where=where) if key else None
        return found if found is not None else Target()

    def use(self, ref: BooksRef, *, where: str) -> BooksRef:
        """`ref` itself; noted when it is inactive in the books (named there by `str(ref)`, kind and id)."""
        if self.context.inactive and str(ref) in self.context.inactive:
            self._inactive.setdefault(ref, where)
        return ref

    def _named(self, ref: BooksRef) -> str:
        name = self.context.names.get(str(ref))
        return f"“{name}”" if name else f"with id {ref.id}"

    def use_optional(self, ref: BooksRef | None, *, where: str) -> BooksRef | None:
        """As `use`, for what may be absent."""
        return None if ref is None else self.use(ref, where=where)

    # -- dimensions -----------------------------------------------------------------------------------
    def class_of(self, key: str, target: Target, job: Job | None, *, where: str) -> BooksRef | None:
        """The class of a line: its own key, else its target's, else its job's; none where classes are off."""
        if self.context.profile.class_tracking is Tracking.OFF:
            return None
        if key:
            return self._class(key, where=where)
        if target.class_ is not None:
            return self.use(target.class_, where=where)
        if job is not None and job.class_key:
            return self._class(job.class_key, where=where)
        return None

    def _class(self, key: str, *, where: str) -> BooksRef:
        target = self.target(Family.CLASS, key, where=where)
        if target is None or target.class_ is None:
            self.miss(Family.CLASS, key, where=where)
            return _unmapped(BooksKind.CLASS)
        return self.use(target.class_, where=where)

    def location(self, branch: str) -> BooksRef | None:
        """The location of a branch; none where the books keep no locations."""
        if not branch or not self.context.profile.locations:
            return None
        target = self.target(Family.BRANCH, branch, where="its branch")
        if target is None or target.location is None:
            self.miss(Family.BRANCH, branch, where="its branch")
            return _unmapped(BooksKind.LOCATION)
        return self.use(target.location, where="its branch")

    def coded(self, key: DocumentKey, document: D) -> D:
        """The document under that key with what a bookkeeper coded anew of it (accounting-treatments 10)."""
        found: Any = overridden(document, self.context.coded.get(key, ()), self.context.item_accounts)
        kept: D = found
        return kept

    def terms(self, key: str) -> BooksRef | None:
        """The terms of a key; none when unmapped, the due date is sent anyway."""
        return self.use_optional(self.optional(Family.TERMS, key).terms, where="its terms")

    def method(self, key: str) -> BooksRef | None:
        """The payment method of a key; none when unmapped."""
        return self.use_optional(self.optional(Family.PAYMENT_METHOD, key).method, where="its payment method")

    # -- related records ------------------------------------------------------------------------------
    def related(self, kind: type[R], ref: RecordRef) -> R | None:
        """A record that this one names, when core showed it."""
        found = self.context.related.get(ref)
        return found if isinstance(found, kind) else None

    def job(self, job_id: str | None) -> Job | None:
        """The job with that id, when core showed it."""
        return self.related(Job, RecordRef(RecordKind.JOB, job_id)) if job_id else None

    # -- answers --------------------------------------------------------------------------------------
    def cents(self, value: Decimal, *, where: str) -> Decimal:
        """`value` with exactly two decimals; holds the record when it has a fraction of a cent."""
        try:
            return money.amount(value)
        except ValueError:
            raise self.held(
                f"has {value} as the amount of {where}, which is not a whole number of cents",
                "Correct the amount in BlueOps; the record is sent by itself then.",
            ) from None

    def held(self, what: str, remedy: str) -> Held:
        """The end of a rule, to be raised: `what` continues a sentence that begins with the record's name."""
        return Held(f"{self.label} {what}.", remedy)

    def blocked(self) -> Blocked | None:
        """What was missing or inactive, in one answer; None when everything was found."""
        if not self._missing and not self._inactive:
            return None
        parts: list[str] = []
        remedies: list[str] = []
        if self._missing:
            keys = ", ".join(f"{m.family.value.replace('_', ' ')} “{m.key}”" for m in self._missing.values())
            parts.append(f"needs what is not mapped: {keys}")
            remedies.append("Map the named keys on the mapping page.")
        if self._inactive:
            names = ", ".join(
                f"the {ref.kind.value.replace('_', ' ')} {self._named(ref)} ({where})"
                for ref, where in self._inactive.items()
            )
            parts.append(f"leads to what is inactive in the books: {names}")
            remedies.append("Make it active in the books again, or map its key to an active one.")
        return Blocked(
            reason=f"{self.label} {'; it '.join(parts)}.",
            remedy=" ".join([*remedies, "The record is sent by itself then."]),
            missing=tuple(self._missing.values()),
        )
