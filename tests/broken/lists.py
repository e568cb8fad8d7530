"""Providers broken in what they create in the books' lists."""

from collections.abc import Iterable

import attrs

from blueops_qb.domain.documents import ItemRecord
from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.outcomes import BooksRecord, Why
from blueops_qb.sdk.provider import Operation
from blueops_qb.sdk.simple import Change
from blueops_qb.sdk.testing.reference_books import CATALOG, ReferenceBooks
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.broken.table import evolved, fails, refusing

K = BooksKind


@fails("creates_new_accounts_once")
class AccountsOfAnotherName(ReferenceProvider):
    """Creates an account of another name than was asked for."""

    def write(self, operation: Operation) -> BooksRecord | None:
        record = super().write(operation)
        if record is None or record.kind is not K.ACCOUNT:
            return record
        return attrs.evolve(record, document=evolved(record.document, name="Another"))


@fails("creates_new_items_once")
class ItemsWithoutDocument(ReferenceProvider):
    """Creates an item and does not show what it is."""

    def write(self, operation: Operation) -> BooksRecord | None:
        record = super().write(operation)
        return attrs.evolve(record, document=None) if record and record.kind is K.ITEM else record


@fails("creates_new_items_once")
class ItemsThatAreOnlySold(ReferenceProvider):
    """Forgets the account on which an item is bought."""

    def write(self, operation: Operation) -> BooksRecord | None:
        record = super().write(operation)
        if record is None or not isinstance(record.document, ItemRecord):
            return record
        return attrs.evolve(record, document=attrs.evolve(record.document, expense_account=None))


@fails("creates_new_classes_once")
class ListsNoClasses(ReferenceProvider):
    """Leaves classes that were created out of the lists."""

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        profile, records = super().catalog()
        known = {record.ref for record in CATALOG}
        return profile, [one for one in records if one.kind is not K.CLASS or one.ref in known]


class LooseLists(ReferenceBooks):
    """Classes may have each other's names."""

    def _check_name(self, ref: BooksRef, document: object) -> None:
        if ref.kind is not K.CLASS:
            super()._check_name(ref, evolved(document))


@fails("creates_new_classes_once")
class ClassesTwice(ReferenceProvider):
    """Creates a class of a name as often as it is asked."""

    def __init__(self) -> None:
        self.books = LooseLists(removals=self.describe().removals)


@fails("creates_new_accounts_once")
class CallsTheAccountInvalid(ReferenceProvider):
    """Refuses the name of an account for another reason."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.kind is not K.ACCOUNT:
            return super().write(operation)
        return refusing(super().write, operation, Why.NAME_TAKEN, Why.INVALID)


class _Finding(ReferenceProvider):
    """Broken in what look-ups of a list answer."""

    kind: BooksKind

    def find(self, operation: Operation) -> Iterable[Change]:
        found = super().find(operation)
        return self.changed(list(found)) if operation.kind is self.kind else found

    def changed(self, found: list[Change]) -> Iterable[Change]:
        raise NotImplementedError


@fails("finds_new_accounts_after_a_lost_answer")
class FindsNoAccount(_Finding):
    """Does not find an account that it has created."""

    kind = K.ACCOUNT

    def changed(self, found: list[Change]) -> Iterable[Change]:
        assert found is not None
        return []


@fails("finds_new_items_after_a_lost_answer")
class FindsAnItemTwice(_Finding):
    """Finds one item as two."""

    kind = K.ITEM

    def changed(self, found: list[Change]) -> Iterable[Change]:
        return [*found, *(attrs.evolve(one, id="another") for one in found if isinstance(one, BooksRecord))]


@fails("finds_new_classes_after_a_lost_answer")
class FindsAnotherClass(_Finding):
    """Finds a class of another name."""

    kind = K.CLASS

    def changed(self, found: list[Change]) -> Iterable[Change]:
        assert self.kind in LIST_KINDS
        return [
            attrs.evolve(one, document=evolved(one.document, name="Another"))
            for one in found
            if isinstance(one, BooksRecord)
        ]
