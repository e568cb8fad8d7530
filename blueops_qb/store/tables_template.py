"""Template proposals: what a template would bring to a company's books, what a person said of it, how far it is."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.columns import PREFIX, id_, key, metadata, text, time

template_proposals = sa.Table(
    PREFIX + "template_proposals",
    metadata,
    id_(),
    sa.Column("connection_id", sa.String(32), nullable=False),
    #: The books' id of the company that it was made for.
    key("company_id"),
    key("name"),
    #: The template with its options chosen, as it was then.
    text("template_json"),
    #: Rises with every decision; what is approved is the version that was shown.
    sa.Column("version", sa.Integer, nullable=False),
    #: What a person said, by row.
    text("decisions_json"),
    #: open, approved (entries are on their way), done, replaced.
    key("state", 12),
    #: By row, once it is approved: what it is in the books, or which entry creates it.
    text("places_json"),
    #: Why it is not done although nothing is on its way any more.
    text("reason"),
    sa.Column("mapping_version", sa.Integer, nullable=True),
    text("proposed_by"),
    time("proposed_at", null=False),
    text("approved_by"),
    time("approved_at"),
    time("closed_at"),
    sa.Index("ix_blueops_qb_template_proposals_connection", "connection_id", "state", "id"),
)
