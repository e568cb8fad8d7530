"""List cases: accounts, items and classes that are created once, also after a lost answer; part of the kit."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from blueops_qb.domain.documents import AccountRecord, ClassRecord, Document, ItemRecord
from blueops_qb.domain.list_entries import AccountType, ItemKind
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import BooksRecord, Refused, Why
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.subject import Subject, creation

_INCOME, _COST = ("income", "otherincome"), ("costofgoodssold", "expense")


def creating(feature: Feature) -> Callable[[Subject], None]:
    """The case of a feature: created, found, listed, and its name taken from then on."""

    def creates_once(subject: Subject) -> None:
        """It shows what was sent, is listed, and its name is taken from then on."""
        operation = creation(_samples(subject)[feature])
        kind = operation.kind
        assert kind in subject.provider.describe().removals, f"removals has no way for {kind}, such as hold"
        record = subject.applied(operation)
        _shows(subject, operation, record)
        assert record.ref in [listed.ref for listed in subject.catalog()[1]], (
            f"the catalog lacks {record.ref}"
        )
        again = subject.send(operation)
        assert isinstance(again, Refused), f"a second one of the same name answered {again}"
        assert again.why is Why.NAME_TAKEN, f"a second one of the same name is refused for {again.why}"

    return creates_once


def losing(feature: Feature) -> Callable[[Subject], None]:
    """The case of a feature: what was created without anybody hearing of it is found by its name."""

    def finds_after_a_lost_answer(subject: Subject) -> None:
        """When nobody heard the answer, the look-up of its name shows it once, with what was sent."""
        operation = creation(_samples(subject)[feature])
        assert subject.carry is not None, "this case needs books: give the subject `carry`"
        lost = subject.carry(subject.provider.encode(subject.exchange([operation]), subject.profile))
        assert isinstance(lost, Answered), f"the books did not answer: {lost}"
        name = getattr(operation.document, "name", "")
        pages = subject.pages(Verb.FIND, kind=operation.kind, by="name", name=name)
        hits = [hit for page in pages for hit in page.records]
        assert len(hits) == 1, f"{name} was created once, and {len(hits)} of it are found"
        _shows(subject, operation, hits[0])

    return finds_after_a_lost_answer


def _shows(subject: Subject, operation: Operation, record: BooksRecord) -> None:
    sent = subject.provider.sent(operation, subject.profile)
    assert record.document is not None, f"{record.ref} shows no document"
    shown = subject.provider.normal(record.document)
    assert shown == sent, f"{record.ref} shows something else than was sent:\n{shown}\n{sent}"


def _samples(subject: Subject) -> dict[Feature, Document]:
    """One of each, on accounts of these books; an item that is bought and sold."""
    _, records = subject.catalog()
    tag = secrets.token_hex(3)
    return {
        Feature.NEW_ACCOUNTS: AccountRecord(
            name=f"Kit clearing {tag}",
            type=AccountType.OTHER_CURRENT_ASSET,
            detail="OtherCurrentAssets",
            number=str(int(tag, 16) % 9_000_000 + 1_000_000),
        ),
        Feature.NEW_ITEMS: ItemRecord(
            name=f"Kit part {tag}",
            kind=ItemKind.NON_INVENTORY,
            income_account=_account(records, _INCOME),
            expense_account=_account(records, _COST),
        ),
        Feature.NEW_CLASSES: ClassRecord(name=f"Kit class {tag}"),
    }


def _account(records: list[BooksRecord], types: tuple[str, ...]) -> BooksRef:
    for record in records:
        type_ = "".join(record.facts.get("account_type", "").split()).casefold()
        if record.kind is BooksKind.ACCOUNT and type_ in types and record.active:
            return record.ref
    raise AssertionError(f"the catalog lists no account of a type that an item posts to: {', '.join(types)}")
