"""Posting rule for receipts: every file of a cost hangs on the document that the cost became."""

from __future__ import annotations

import zlib

from blueops_qb.domain.documents import AttachedFile, Document
from blueops_qb.domain.records import Expense, Receipt
from blueops_qb.domain.refs import DocumentKey

ROLE = "receipt"


def receipts(record: Expense, main: DocumentKey) -> dict[DocumentKey, Document]:
    """One document per file, by what the file is and not by its place in the list.

    An edit of the cost leaves it alone, and another file is another document. A cost that was posted anew as another
    kind of document (`main` is not its first one) gets its files anew too.
    """
    role = ROLE if main.role == "main" else f"{ROLE}_{main.role}"
    return {
        DocumentKey(record.ref, role, _part(file)): AttachedFile(
            to=record.ref,
            of=main.role,
            file_id=file.id,
            filename=file.filename,
            content_type=file.content_type,
        )
        for file in record.receipts
    }


def _part(file: Receipt) -> int:
    """A number for the file that stays the same: 31 bits of a checksum, from 1."""
    text = "\n".join((file.id, file.filename, file.content_type))
    return (zlib.crc32(text.encode()) & 0x7FFFFFFE) + 1
