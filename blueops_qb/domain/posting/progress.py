"""Progress applications: an invoice has the lines that its application says, or waits (accounting-treatments 7.1)."""

from __future__ import annotations

from blueops_qb.domain.applications import faults, lines_of
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import Invoice

_REMEDY = "Correct the application in BlueOps; it is sent by itself then."


def check(record: Invoice, lookup: Lookup) -> None:
    """Raises Held for an application that does not hold together, or whose invoice says something else."""
    application = record.application
    if application is None:
        return
    if not record.job_id:
        raise lookup.held("is a progress application without a job", _REMEDY)
    found = list(faults(application))
    if found:
        raise lookup.held("; it ".join(found), _REMEDY)
    wanted = {line.line_id: line.amount for line in lines_of(application)}
    stands = {line.line_id: line.amount for line in record.lines}
    if wanted != stands:
        apart = sorted({id for id in wanted.keys() | stands.keys() if wanted.get(id) != stands.get(id)})
        first = apart[0]
        raise lookup.held(
            f"bills {stands.get(first, ZERO)} on line {first}, and application {application.number} says "
            f"{wanted.get(first, ZERO)}",
            _REMEDY,
        )
