"""What was changed here and not told yet stays out of the base, so that it is still told."""

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import attrs

from blueops_qb.domain.documents import SalesInvoice, SalesLine
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.told import as_told
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings

TURN = cast(Any, SimpleNamespace(provider=QboProvider(QboSettings())))
DAY = dt.date(2026, 3, 2)
LINE = SalesLine(item=BooksRef(BooksKind.ITEM, "1"), amount=ZERO + 40, service_date=DAY)
TOLD = SalesInvoice(
    customer=BooksRef(BooksKind.CUSTOMER, "7"),
    date=DAY,
    number="1041",
    due_date=DAY,
    lines=(LINE,),
    tax=ZERO,
    total=ZERO + 40,
    email="ann@example.com",
    memo="one",
)


def test_an_e_mail_that_was_not_sent_yet_does_not_count_as_agreed() -> None:
    now = attrs.evolve(TOLD, email="new@example.com", memo="two")
    assert as_told(TURN, TOLD, now) == attrs.evolve(now, email="ann@example.com")


def test_neither_does_a_service_date_on_lines_that_are_the_same() -> None:
    moved = attrs.evolve(LINE, service_date=DAY + dt.timedelta(days=1))
    assert as_told(TURN, TOLD, attrs.evolve(TOLD, lines=(moved,))) == TOLD


def test_lines_that_were_agreed_anew_are_taken_as_they_are() -> None:
    dearer = attrs.evolve(LINE, amount=ZERO + 50, service_date=DAY + dt.timedelta(days=1))
    now = attrs.evolve(TOLD, lines=(dearer,), total=ZERO + 50)
    assert as_told(TURN, TOLD, now) == now


def test_nothing_one_way_moved() -> None:
    now = attrs.evolve(TOLD, memo="two")
    assert as_told(TURN, TOLD, now) is now
