"""In vain: events and operations that wait for something that has ended long ago, and that nobody will wake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blueops_qb.engine.outbox import END_STATES

_ENDED = ", ".join(f"'{state.value}'" for state in sorted(END_STATES))
_OPEN = (
    "SELECT ref_kind, ref_id, state, waits_for, reason FROM blueops_qb_outbox"
    f" WHERE tenant_id = :tenant AND state NOT IN ({_ENDED})"
)
_ASKED = "SELECT ref FROM blueops_qb_conflicts WHERE connection_id = :connection AND state = 'open'"
#: The documents of a record that are in the books and agreed on, with which nothing happens; none where a person has
#: left a part of it out: what needs the whole record has good reason to wait.
_THERE = (
    "SELECT d.id FROM blueops_qb_documents d"
    " JOIN blueops_qb_links l ON l.document_id = d.id AND l.state = 'live' AND l.doubtful = ''"
    " WHERE d.connection_id = :connection AND d.source_kind = :kind AND d.source_id = :id"
    " AND d.role = 'main' AND d.state = 'linked'"
    " AND NOT EXISTS (SELECT 1 FROM blueops_qb_documents left_out WHERE left_out.connection_id = d.connection_id"
    " AND left_out.source_kind = d.source_kind AND left_out.source_id = d.source_id AND left_out.role = 'main'"
    " AND left_out.state = 'unlinked')"
    " AND NOT EXISTS (SELECT 1 FROM blueops_qb_undos u WHERE u.document_id = d.id AND u.state <> 'taken_back')"
    " AND NOT EXISTS (SELECT 1 FROM blueops_qb_operations p WHERE p.document_id = d.id"
    " AND p.state IN ('ready', 'out', 'uncertain'))"
)
_MERGED = "SELECT kind, id FROM core_records WHERE tenant_id = :tenant AND merged_into IS NOT NULL"
#: What goes after a document that has no operation.
_AFTER = (
    "SELECT o.verb, o.kind, s.source_kind, s.source_id, d.source_kind AS awaited_kind, d.source_id AS awaited_id"
    " FROM blueops_qb_operations o JOIN blueops_qb_operation_after a ON a.operation_id = o.id"
    " JOIN blueops_qb_documents s ON s.id = o.document_id JOIN blueops_qb_documents d ON d.id = a.document_id"
    " WHERE o.connection_id = :connection AND o.state = 'ready'"
    " AND NOT EXISTS (SELECT 1 FROM blueops_qb_operations p WHERE p.document_id = d.id"
    " AND p.state IN ('ready', 'out', 'uncertain'))"
)


def in_vain(rows: Callable[..., list[Any]], *, connection: str) -> list[str]:
    """What waits in vain, in words; `rows` asks the database, and gives the tenant.

    That is what waits for a record that is in the books, or for a document that will not be written, while nothing of
    that one is open, no person is asked about it, and it was neither undone nor merged away.
    """
    events = rows(_OPEN)
    busy = {f"{row.ref_kind}:{row.ref_id}" for row in events}
    busy |= {row.ref for row in rows(_ASKED, connection=connection)}
    merged = {f"{row.kind}:{row.id}" for row in rows(_MERGED)}
    waiting = [row for row in events if row.state in ("waiting", "held") and ":" in (row.waits_for or "")]
    there = {
        name: bool(
            rows(_THERE, connection=connection, kind=name.partition(":")[0], id=name.partition(":")[2])
        )
        for name in {row.waits_for for row in waiting} - busy - merged
    }
    found = [
        f"{row.ref_kind}:{row.ref_id} is {row.state} for {row.waits_for}, which is there: {row.reason}"
        for row in waiting
        if there.get(row.waits_for)
    ]
    found += [
        f"{row.verb} of {row.kind} for {row.source_kind}:{row.source_id} goes after {awaited}, of which nothing is open"
        for row in rows(_AFTER, connection=connection)
        if (awaited := f"{row.awaited_kind}:{row.awaited_id}") not in busy
    ]
    return list(dict.fromkeys(found))
