"""Status cases: books that are asked about an exchange of unknown fate; part of the conformance kit."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from blueops_qb.domain.documents import kind_of
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import Applied, Found, NotKnown, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Verb
from blueops_qb.sdk.testing.samples import SAMPLES
from blueops_qb.sdk.testing.subject import Subject


def asks_and_runs_nothing(subject: Subject) -> None:
    """A question about an exchange that never left finds nothing and leaves nothing; later it tells what was done."""
    document = SAMPLES[Feature.CUSTOMERS](subject.world())
    since = subject.now().isoformat()
    operation = Operation(
        id="1", verb=Verb.CREATE, kind=kind_of(document), document=document, marker="asked:1.1"
    )
    exchange = subject.exchange([operation])
    body = subject.provider.encode(exchange, subject.profile)
    question = subject.provider.status_check(exchange.id, body)
    assert question != body, "status_check answers the exchange itself, which would run"
    assert subject.provider.status_check(exchange.id, body) == question, "status_check changes its mind"
    for _ in range(2):
        outcome = _told(subject, exchange, question)["1"]
        assert isinstance(outcome, NotKnown), f"the books tell {outcome} of what never left"
        assert outcome.forgotten, (
            "what never left must be forgotten=True, or it would be asked about for ever"
        )
    found = subject.pages(Verb.FIND, kind=operation.kind, by="created", since=since)
    names = [record.name for page in found if isinstance(page, Found) for record in page.records]
    assert getattr(document, "name", "") not in names, "the question was carried out"
    first = _told(subject, exchange, body, asks=False)["1"]
    assert isinstance(first, Applied), f"the exchange answered {first}"
    assert first.record is not None
    again = _told(subject, exchange, question)["1"]
    assert isinstance(again, Applied), f"asked about what was done the books tell {again}"
    assert again.record is not None, "asked about what was done the books show no record"
    assert again.record.ref == first.record.ref, f"{again.record.ref} is told instead of {first.record.ref}"


def _told(subject: Subject, exchange: Exchange, body: bytes, *, asks: bool = True) -> Mapping[str, Outcome]:
    assert subject.carry is not None, "this case needs books: give the subject `carry`"
    reply = subject.carry(body)
    assert isinstance(reply, Answered), f"the books did not answer: {reply}"
    return subject.provider.decode(attrs.evolve(exchange, asks=asks), reply.body, subject.profile)
