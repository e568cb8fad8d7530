"""Rule room: calls the posting rules with everything they may look at."""

from __future__ import annotations

from collections.abc import Mapping

from blueops_qb.domain.documents import Document
from blueops_qb.domain.posting.context import PostingContext, Result
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import DocumentKey, RecordRef
from blueops_qb.engine.known import Known
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot


def post_record(
    turn: Turn, record: Record, snapshots: dict[RecordRef, Snapshot], mine: list[Known]
) -> Result:
    """The posting rules on a record, with everything they may look at."""
    posted = {
        k.key: wire.load_document(k.kind, k.content) for k in mine if k.content and k.state != "withdrawn"
    }
    return post(record, posting_context(turn, snapshots, posted))


def posting_context(
    turn: Turn, snapshots: dict[RecordRef, Snapshot], posted: Mapping[DocumentKey, Document]
) -> PostingContext:
    """The context of the posting rules as the connection stands."""
    catalog = turn.catalog
    return PostingContext(
        mapping=turn.mapping,
        policy=turn.policy,
        profile=turn.profile,
        related={ref: snapshot.record for ref, snapshot in snapshots.items()},
        item_accounts=catalog.item_accounts,
        item_cost_accounts=catalog.item_cost_accounts,
        inactive=catalog.inactive,
        names=catalog.names,
        posted=posted,
    )
