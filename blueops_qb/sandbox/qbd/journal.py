"""Journal entries: debits equal credits, receivables with a customer, payables with a vendor."""

from __future__ import annotations

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import forms, links
from blueops_qb.sandbox.qbd.changing import merged, without_empty
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, invalid, missing
from blueops_qb.sandbox.qbd.line_lists import paired
from blueops_qb.sandbox.qbd.notation import Part
from blueops_qb.sandbox.qbd.reading import LINES, MACRO, TAG
from blueops_qb.sandbox.qbd.refs import held, resolve
from blueops_qb.sandbox.qbd.values import Obj, money, ref_id

_APART = (*forms.NOT_KEPT, MACRO, LINES, "JournalLineMod", "CurrencyRef")
_KIND = "JournalEntry"
_TAGS = {"Debit": "JournalDebitLine", "Credit": "JournalCreditLine"}
#: account type -> whom a line on it must name
_WHO = {"AccountsReceivable": "Customer", "AccountsPayable": "Vendor"}


def add(company: Company, *, block: Part, sent: Obj) -> str:
    """Enter a journal entry and answer its TxnID."""
    resolve(company, block.nodes, sent)
    record = forms.begin(company, _KIND, sent)
    record |= {name: value for name, value in without_empty(sent).items() if name not in _APART}
    record.setdefault("IsAdjustment", "false")
    record[LINES] = [
        {**without_empty(line), "TxnLineID": company.new_line_id()} for line in sent.get(LINES, [])
    ]
    _check(company, record)
    return forms.finish(company, _KIND, record)


def change(company: Company, *, block: Part, sent: Obj) -> str:
    """Change a journal entry and answer its TxnID."""
    before = forms.change(company, _KIND, sent)
    forms.must_not_be_void(before)
    resolve(company, block.nodes, sent, known=held(before))
    kept = {name: value for name, value in sent.items() if name not in (*_APART, "TxnID", "EditSequence")}
    record = merged(before, {name: value for name, value in kept.items() if value or name != "TxnDate"})
    if "JournalLineMod" in sent:
        record[LINES] = [
            _line(company, old, line) for old, line in paired(before[LINES], sent["JournalLineMod"])
        ]
    _check(company, record)
    links.must_cover(company, _KIND, before, record)
    return forms.finish(company, _KIND, record)


def _line(company: Company, old: Obj | None, sent: Obj) -> Obj:
    side = sent.get("JournalLineType")
    fresh = {name: value for name, value in sent.items() if name != "JournalLineType"}
    if old is not None:
        return merged(old, {**fresh, **({TAG: _TAGS[side]} if side else {})})
    if not side:
        raise missing("JournalLineType")
    return {**without_empty(fresh), TAG: _TAGS[side], "TxnLineID": company.new_line_id()}


def _check(company: Company, record: Obj) -> None:
    total, claims = ZERO, 0
    for line in record[LINES]:
        account = ref_id(line, "AccountRef")
        if not account:
            raise missing("AccountRef")
        forms.must_not_post_to_non_posting(company, account)
        amount = money(line.get("Amount"))
        line["Amount"] = f"{amount:.2f}"
        total += amount if line[TAG] == "JournalDebitLine" else -amount
        who = _WHO.get(company.records["Account"][account]["AccountType"])
        if who is None:
            continue
        claims += 1
        party = ref_id(line, "EntityRef")
        if not party:
            raise missing("EntityRef")
        if company.kind_of[party] != who:
            raise invalid("EntityRef", company.full_name(party), f"the account needs a {who.lower()}.")
    if claims > 1:
        raise Refusal(
            3210, "A journal entry can have one line on accounts receivable or accounts payable only."
        )
    if total:
        raise Refusal(
            3210, f"The debits of the journal entry exceed its credits by {total}: it is out of balance."
        )
