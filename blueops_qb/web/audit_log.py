"""Audit page: who did what and when, newest first, and the proof that nothing was altered."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request

from blueops_qb.engine import audit
from blueops_qb.engine.audit import Verdict
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import here

pages = Blueprint("audit_log", __name__)
PAGE = 60


@pages.get("/audit")
@here.needs(Permission.VIEW)
def newest() -> str:
    """A page of the log; `?before=NUMBER` shows what is older."""
    return _page(request.args.get("before", type=int))


@pages.post("/audit/verify")
@here.needs(Permission.VIEW)
def verify() -> str:
    """Recompute the whole chain."""
    engine = here.engine()
    with engine.core.engine.connect() as connection:
        verdict = audit.verify(connection, here.caller().tenant, keys=engine.keys)
    return _page(None, verdict)


def _page(before: int | None, verdict: Verdict | None = None) -> str:
    with here.engine().core.engine.connect() as connection:
        found = _entries(connection, here.caller().tenant, before)
    entries = found[:PAGE]
    return render_template(
        "audit.html",
        title="Audit log",
        entries=[_shown(row) for row in entries],
        older=entries[-1]["seq"] if len(found) > PAGE else None,
        paged=before is not None,
        verdict=verdict,
    )


def _entries(connection: sa.Connection, tenant_id: str, before: int | None) -> list[sa.RowMapping]:
    a, p = t.audit, t.audit_payloads
    query = (
        sa.select(a.c.seq, a.c.at, a.c.actor, a.c.action, a.c.subject, a.c.numbers, a.c.digest, p.c.payload)
        .select_from(a.outerjoin(p, sa.and_(p.c.tenant_id == a.c.tenant_id, p.c.seq == a.c.seq)))
        .where(a.c.tenant_id == tenant_id)
        .order_by(a.c.seq.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(a.c.seq < before)
    return list(connection.execute(query).mappings())


def _shown(row: sa.RowMapping) -> dict[str, Any]:
    if row["payload"]:
        said = json.loads(row["payload"])
        text = "; ".join(f"{key}: {_plain(value)}" for key, value in said.items() if value)
    else:
        text = "(text erased)" if row["digest"] else ""
    return {**row, "text": text}


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
