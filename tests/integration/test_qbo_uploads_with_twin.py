"""Receipts go up to the twin whole and once, and come back as what was sent."""

import datetime as dt
from collections.abc import Iterator

import attrs
import pytest
import requests

from blueops_qb.domain.documents import AttachedFile, ExpenseDocument, PaidBy, PurchaseLine
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, Found, Gone, Refused
from blueops_qb.sdk.provider import Operation, Unencodable, Verb
from tests.qbo_twin import Connected, connected

K = BooksKind
PICTURE = bytes(range(256)) * 300 + b"\r\n--boundary--\r\n"


@pytest.fixture(scope="module")
def books() -> Iterator[Connected]:
    with connected() as found:
        found.refresh_profile()
        yield found


@pytest.fixture
def cost(books: Connected) -> BooksRecord:
    accounts = {
        str(a["AccountType"]): BooksRef(K.ACCOUNT, str(a["Id"]))
        for a in query(books, "select * from Account")
    }
    line = PurchaseLine(account=accounts["Expense"], amount=ZERO + 30, description="pipe")
    return books.write(
        ExpenseDocument(
            paid_by=PaidBy.CARD,
            account=accounts["Credit Card"],
            date=dt.date(2026, 3, 2),
            lines=(line,),
            total=ZERO + 30,
        )
    )


def query(books: Connected, text: str) -> list[dict[str, object]]:
    answer = requests.get(
        f"{books.twin.base_url}/v3/company/{books.twin.realm}/query",
        params={"query": text},
        headers={"Authorization": f"Bearer {books.twin.access_token}", "Accept": "application/json"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, object]] = next(
        v for v in answer.json()["QueryResponse"].values() if isinstance(v, list)
    )
    return rows


def upload(cost: BooksRecord, data: bytes = PICTURE, name: str = "Müllers “lunch”.png") -> Operation:
    document = AttachedFile(to=cost.ref, file_id="f1", filename=name, content_type="image/png")
    return Operation(
        id="1",
        verb=Verb.CREATE,
        kind=K.ATTACHMENT,
        document=document,
        data=data,
        marker="expense:12/receipt/7.1",
    )


def test_a_receipt_arrives_byte_by_byte_and_hangs_on_its_cost(books: Connected, cost: BooksRecord) -> None:
    operation = upload(cost)
    (outcome,) = books.do(operation)
    assert isinstance(outcome, Applied), outcome
    assert outcome.record is not None
    assert outcome.record.document is not None
    assert books.provider.normal(outcome.record.document) == books.provider.sent(operation, books.profile)
    assert outcome.record.marker == operation.marker
    (kept,) = query(books, f"select * from Attachable where Id = '{outcome.record.id}'")
    assert kept["Size"] == len(PICTURE)
    assert requests.get(str(kept["TempDownloadUri"]), timeout=60).content == PICTURE


def test_the_same_exchange_gives_the_same_bytes_and_is_carried_out_once(
    books: Connected, cost: BooksRecord
) -> None:
    exchange = books.envelope(upload(cost, name="once.png"))
    assert books.provider.encode(exchange, books.profile) == books.provider.encode(exchange, books.profile)
    first, again = (books.decode(exchange, books.send(exchange))[0] for _ in range(2))
    assert isinstance(first, Applied)
    assert isinstance(again, Applied)
    assert first.record == again.record
    assert len(query(books, "select * from Attachable where FileName = 'once.png'")) == 1


def test_a_lost_upload_is_found_by_what_was_created_since(books: Connected, cost: BooksRecord) -> None:
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)).isoformat()
    (outcome,) = books.do(upload(cost, name="lost.png"))
    assert isinstance(outcome, Applied)
    found = books.one(Verb.FIND, K.ATTACHMENT, params={"by": "created", "since": since})
    assert isinstance(found, Found)
    assert outcome.record in found.records


def test_it_survives_an_edit_of_the_cost_and_is_deleted_alone(books: Connected, cost: BooksRecord) -> None:
    (outcome,) = books.do(upload(cost, name="stays.png"))
    assert isinstance(outcome, Applied)
    assert outcome.record is not None
    assert isinstance(cost.document, ExpenseDocument)
    now = books.seen(cost.kind, cost.id)
    books.write(
        attrs.evolve(cost.document, memo="edited"),
        target_id=cost.id,
        version=now.version,
        previous=now.document,
        shown=now.shown,
    )
    still = books.seen(K.ATTACHMENT, outcome.record.id)
    assert still.document == outcome.record.document
    gone = books.one(Verb.WITHDRAW, K.ATTACHMENT, target_id=still.id, version=still.version)
    assert isinstance(gone, Applied), gone
    assert isinstance(books.read(K.ATTACHMENT, still.id), Absent | Gone)
    assert isinstance(books.read(cost.kind, cost.id), Found)


def test_a_file_that_quickbooks_does_not_take_is_refused_with_a_remedy(
    books: Connected, cost: BooksRecord
) -> None:
    operation = upload(cost, name="notes.exe")
    assert isinstance(operation.document, AttachedFile)
    document = attrs.evolve(operation.document, content_type="application/x-msdownload")
    (outcome,) = books.do(attrs.evolve(operation, document=document))
    assert isinstance(outcome, Refused), outcome
    assert outcome.message
    assert outcome.remedy


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.png", "“a.png” is empty"),
        (None, "a.png", "not at hand"),
        (b"x" * (100 * 2**20), "big.png", "100 MB"),
        (b"x", " ", "no name"),
    ],
    ids=["empty", "without content", "too large", "nameless"],
)
def test_what_cannot_go_up_is_said_before_it_leaves(
    books: Connected, cost: BooksRecord, data: bytes | None, name: str, said: str
) -> None:
    operation = attrs.evolve(upload(cost, name=name), data=data)
    with pytest.raises(Unencodable, match=said):
        books.provider.encode(books.envelope(operation), books.profile)
