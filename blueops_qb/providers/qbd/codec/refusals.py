"""Refusals: what the check found, as a sentence that an office can act on."""

from __future__ import annotations

from collections.abc import Sequence

from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.qbxml.check import Problem
from blueops_qb.providers.qbd.qbxml.element import Element, branch
from blueops_qb.providers.qbd.qbxml.writing import Misshapen, ready

#: What a person calls the elements that are filled from what people enter.
_CALLED = {
    "Name": "name",
    "RefNumber": "number",
    "FirstName": "first name",
    "LastName": "last name",
    "CompanyName": "company",
    "Phone": "phone number",
    "AltPhone": "mobile number",
    "Email": "e-mail address",
    "Memo": "memo",
    "Desc": "description",
    "Amount": "amount",
    "TotalAmount": "amount",
    "PaymentAmount": "amount",
    "AccountNumber": "account number",
    "TxnDate": "date",
    "DueDate": "due date",
    "ServiceDate": "service date",
    "ListID": "reference",
    "TxnID": "reference",
    "DataExtValue": "value of a field",
    "DataExtName": "name of a field",
    "EditSequence": "version",
}


def checked(name: str, children: Sequence[Element]) -> Element:
    """The request in the order of the table; raises Unwritable for what QuickBooks would not read."""
    try:
        return ready(branch(name, children))
    except Misshapen as problem:
        raise refusal(problem) from None


def refusal(problem: Misshapen) -> Unwritable:
    """The refusal of a request; all that is wrong with it is named, each once."""
    sentences = dict.fromkeys(_sentence(found) for found in problem.found)
    return Unwritable(
        f"QuickBooks Desktop would not read it ({problem.request.removesuffix('Rq')}): {' '.join(sentences)} "
        "Correct it in BlueOps; it is sent by itself then."
    )


def _sentence(found: Problem) -> str:
    *parents, name = found.path.split("/")
    called = _CALLED.get(name, name)
    where = f" in {parents[-1]}" if parents and name in ("ListID", "FullName") else ""
    limit = f", at most {found.limit} are kept" if found.limit is not None else ""
    return f"The {called}{where} {found.what}{limit}."
