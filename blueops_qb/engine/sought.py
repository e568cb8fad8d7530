"""Sought: by what creations of unknown fate are looked for in the books.

By the time when they left, and by what they bear whatever the clock over there shows: our markers, the days and numbers
of documents, the names of parties (`sdk.provider.Operation.params`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.sdk.provider import Operation


def sought_by(since: dt.datetime, missed: Sequence[Operation]) -> dict[str, str]:
    """The parameters of a look-up of creations of one kind."""
    documents = [operation.document for operation in missed]
    days = sorted(day for document in documents if (day := getattr(document, "date", None)) is not None)
    numbers = [
        getattr(document, "number", "") or getattr(document, "reference", "") for document in documents
    ]
    names = [document.name for document in documents if isinstance(document, CustomerRecord | VendorRecord)]
    told = {
        "markers": json.dumps([operation.marker for operation in missed if operation.marker]),
        "days": f"{days[0]}/{days[-1]}" if days else "",
        "names": json.dumps(names) if names else "",
        "numbers": json.dumps(sorted({number for number in numbers if number})) if any(numbers) else "",
    }
    found = {name: text for name, text in told.items() if text}
    return {"by": "created", "since": since.isoformat(), **found}
