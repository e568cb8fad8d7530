"""`blueops-qb explain`: everything behind one record, with the reason for every account."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import click

from blueops_qb.cli.opening import common, json_option, opened, show
from blueops_qb.cli.records import RecordType
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import explain as explaining
from blueops_qb.engine import look
from blueops_qb.engine.preview import NoSuchRecord
from blueops_qb.engine.why import PostingWhy


@click.command()
@click.argument("record", type=RecordType())
@click.option("--whole", is_flag=True, help="Messages with what else travelled in them.")
@json_option
@common
def explain(db_url: str | None, tenant_id: str | None, record: RecordRef, whole: bool, as_json: bool) -> None:
    """Show everything behind RECORD: events, rule, versions, exact messages, debits and credits, and why."""
    with opened(db_url, tenant_id) as house:
        house.connection_row()
        with look.looking(house.engine, house.tenant_id) as turn:
            try:
                found = explaining.explain(turn, record, whole=whole)
            except NoSuchRecord as problem:
                raise click.ClickException(str(problem)) from problem
    show(attrs.asdict(found), as_json=as_json, text="\n".join(_text(found)))


def _text(found: explaining.Explanation) -> Iterator[str]:
    yield f"{found.ref} at revision {found.revision}"
    section = f", accounting treatments {found.section}" if found.section else ""
    yield f"  rule {found.rule}{section}; mapping {found.mapping_version}, policy {found.policy_version} now"
    yield "  events, newest first:"
    for event in found.events:
        when = f"{event.at:%Y-%m-%d %H:%M}" if event.at else ""
        reason = f": {event.reason}" if event.reason else ""
        yield f"    r{event.revision} {event.action:<8} {event.state:<11} {when}{reason}"
        if event.remedy:
            yield f"      -> {event.remedy}"
    if found.blocked:
        yield f"  nothing is written now: {found.blocked}"
        if found.remedy:
            yield f"    -> {found.remedy}"
    for document in found.documents:
        yield from _document(document)
    for waiting in found.waiting:
        yield f"  would {waiting.step} {waiting.key}"
        for line in waiting.postings:
            yield f"    {line['side']} {line['account']:<40} {line['amount']:>12} {line['customer']}".rstrip()
            yield from (f"       {sentence}" for sentence in line["why"])
        yield "    message: " + waiting.message


def _document(document: explaining.DocumentTold) -> Iterator[str]:
    place = f"{document.books} v{document.version}" if document.books else "not in the books"
    yield (
        f"  document {document.key} (generation {document.generation}): {document.state}, {place}, "
        f"mapping {document.mapping_version}, policy {document.policy_version}"
    )
    if document.undone:
        yield f"    undo: {document.undone}"
    if document.doubtful:
        yield f"    in doubt: {document.doubtful}"
    yield from (f"    note: {note}" for note in document.notes)
    for line in document.postings:
        yield from _posting(line)
    for message in document.messages:
        when = f" on {message.sent_at:%Y-%m-%d %H:%M:%S} UTC" if message.sent_at else ""
        yield f"    {message.verb} r{message.revision}, {message.state}, exchange {message.exchange or '-'}{when}"
        if message.reason:
            yield f"      {message.reason}"
        if message.instead:
            yield f"      no message to show: {message.instead}"
        if message.request:
            yield "      sent: " + message.request
        if message.answer:
            yield "      answer: " + message.answer


def _posting(line: PostingWhy) -> Iterator[str]:
    tags = " ".join(filter(None, (line.customer or line.vendor, line.class_, line.location)))
    yield f"    {line.side} {line.account:<40} {line.amount:>12} {tags}".rstrip()
    yield from (f"       {sentence}" for sentence in line.why)
