"""Postings that were there before agreement: only the newest state of what is still in the books counts."""

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from blueops_qb import bootstrap
from blueops_qb.sandbox.core.database import make_engine

POSTING = (
    "INSERT INTO blueops_qb_postings (document_id, revision, line, connection_id, account, cents, date)"
    " VALUES (:document, :revision, :line, 'c', '5', 100, '2026-03-02')"
)
DOCUMENT = (
    "INSERT INTO blueops_qb_documents"
    " (id, connection_id, source_kind, source_id, role, part, books_kind, revision, state)"
    " VALUES (:id, 'c', 'invoice', :source, 'main', 1, 'invoice', 7, :state)"
)


def test_older_states_and_what_was_taken_out_count_no_more(database_url: str) -> None:
    engine = make_engine(database_url, durable=False)
    scripts = ScriptDirectory.from_config(bootstrap.alembic_config())
    before = scripts.get_revision("qb0008").down_revision
    assert isinstance(before, str)
    bootstrap.migrate(engine, to=before)
    with engine.begin() as connection:
        for id, state in ((1, "linked"), (2, "withdrawn")):
            connection.execute(sa.text(DOCUMENT), {"id": id, "source": str(id), "state": state})
        for document, revision, line in ((1, 3, 1), (1, 7, 1), (1, 7, 2), (2, 7, 1)):
            values = {"document": document, "revision": revision, "line": line}
            connection.execute(sa.text(POSTING), values)
    bootstrap.migrate(engine)
    with engine.connect() as connection:
        query = "SELECT document_id, revision, line FROM blueops_qb_postings WHERE counts ORDER BY line"
        assert [tuple(row) for row in connection.execute(sa.text(query))] == [(1, 7, 1), (1, 7, 2)]
    engine.dispose()
