"""Rule room: calls the posting rules with everything they may look at."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

import attrs

from blueops_qb.domain.documents import AttachedFile, Document
from blueops_qb.domain.mapping import Mapping
from blueops_qb.domain.overrides import overridden
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.posting.context import Posted, PostingContext, Result
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.posting.trace import Trace
from blueops_qb.domain.records import Customer, Job, Record, Vendor
from blueops_qb.domain.refs import DocumentKey, RecordRef
from blueops_qb.engine.known import Known
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.core import Snapshot


def post_record(
    turn: Turn,
    record: Record,
    snapshots: dict[RecordRef, Snapshot],
    mine: list[Known],
    *,
    trace: Trace | None = None,
) -> Result:
    """The posting rules on a record, with everything they may look at; `trace` keeps how keys were looked up."""
    context = context_for(turn, record, snapshots, mine)
    if trace is not None:
        context = attrs.evolve(context, trace=trace)
    result = _as_coded(post(record, context, turn.rules), mine, context)
    if isinstance(result, Posted) and not _takes_files(turn):
        documents = {k: d for k, d in result.documents.items() if not isinstance(d, AttachedFile)}
        result = attrs.evolve(result, documents=documents)
    return result


def post_under(
    turn: Turn,
    record: Record,
    snapshots: dict[RecordRef, Snapshot],
    mine: list[Known],
    mapping: Mapping,
) -> Result:
    """What the rules say under a mapping, whatever the record is pinned to and whichever periods are closed."""
    context = context_for(turn, record, snapshots, mine)
    profile = attrs.evolve(context.profile, closing_date=None)
    context = attrs.evolve(context, mapping=mapping, profile=profile)
    return _as_coded(post(record, context, turn.rules), mine, context)


def context_for(
    turn: Turn, record: Record, snapshots: dict[RecordRef, Snapshot], mine: list[Known]
) -> PostingContext:
    """What the rules may look at for a record: as pinned when it was first posted, else as it is now."""
    posted = {
        k.key: wire.load_document(k.kind, k.content) for k in mine if k.content and k.state != "withdrawn"
    }
    mapping, policy = rules_for(turn, record, mine)
    return attrs.evolve(posting_context(turn, snapshots, posted), mapping=mapping, policy=policy)


def rules_for(turn: Turn, record: Record, mine: list[Known]) -> tuple[Mapping, Policy]:
    """The mapping and policy that a record is posted with, and that a change over there is read by."""
    pinned = next((k for k in mine if k.linked and k.key.role == "main"), None)
    if pinned is None or isinstance(record, Customer | Job | Vendor):
        return turn.mapping, turn.policy
    # Rules are pinned at first posting; an edit mirrors them, whatever was mapped since.
    rulebook, connection = turn.rulebook, turn.connection
    old = rulebook.mapping(connection, turn.id, pinned.mapping_version)
    return turn.mapping.under(old), rulebook.policy(connection, turn.id, pinned.policy_version)


def _as_coded(result: Result, mine: list[Known], context: PostingContext) -> Result:
    """What a bookkeeper coded anew stays coded so (accounting-treatments 10)."""
    coded = {k.key: k.overrides for k in mine if k.overrides}
    if not coded or not isinstance(result, Posted):
        return result
    documents = {
        key: overridden(document, coded[key], context.item_accounts) if key in coded else document
        for key, document in result.documents.items()
    }
    return attrs.evolve(result, documents=documents)


def _takes_files(turn: Turn) -> bool:
    return any(c.feature is Feature.ATTACHMENTS and c.able for c in turn.description.capabilities)


def posting_context(
    turn: Turn, snapshots: dict[RecordRef, Snapshot], posted: MappingOf[DocumentKey, Document]
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
