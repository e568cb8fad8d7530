"""One request: done by the rule of its message."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial

from blueops_qb.sandbox.qbd import (
    books,
    cross_queries,
    custom_data,
    deposits,
    journal,
    lists,
    payments,
    profile,
    purchases,
    queries,
    refs,
    removal,
    sales,
)
from blueops_qb.sandbox.qbd.answers import Answer, Call, Request
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, Status
from blueops_qb.sandbox.qbd.messages import Verb
from blueops_qb.sandbox.qbd.notation import Part
from blueops_qb.sandbox.qbd.paging import Key, paged, rows
from blueops_qb.sandbox.qbd.reading import MACRO
from blueops_qb.sandbox.qbd.sessions import MacroTable, Session
from blueops_qb.sandbox.qbd.values import Obj
from blueops_qb.sandbox.qbd.view import Detail, list_view, txn_view, with_times

#: kind -> what enters and what changes a transaction
_TXN_RULES: dict[str, tuple[Callable[..., str], Callable[..., str]]] = {
    **{
        kind: (partial(room.add, kind=kind), partial(room.change, kind=kind))
        for room, kinds in (
            (sales, ("Invoice", "CreditMemo", "SalesReceipt", "Estimate")),
            (
                purchases,
                ("Bill", "VendorCredit", "Check", "CreditCardCharge", "CreditCardCredit", "PurchaseOrder"),
            ),
            (payments, ("ReceivePayment", "BillPaymentCheck", "BillPaymentCreditCard", "ARRefundCreditCard")),
        )
        for kind in kinds
    },
    "Deposit": (deposits.add, deposits.change),
    "JournalEntry": (journal.add, journal.change),
}
_WRITES = (Verb.LIST_ADD, Verb.LIST_MOD, Verb.TXN_ADD, Verb.TXN_MOD)


def perform(company: Company, session: Session, request: Request, macros: MacroTable) -> Answer:
    """Do a request; raises Refusal where it cannot be done, and then nothing of it was."""
    if request.reader.refused is not None:
        raise request.reader.refused
    message = request.message
    call = Call(company=company, session=session, request=request, sent=deepcopy(request.sent))
    if company.switches.read_only and (message.verb in _WRITES or message.name in _OTHER_WRITES):
        raise Refusal(3263, "This application has been granted read-only access.")
    if company.switches.internal_errors:
        company.switches.internal_errors -= 1
        raise Refusal(1000, "There has been an internal error when processing the request.")
    if message.verb is Verb.OTHER:
        answer = _OTHERS[message.name](call)
    elif message.verb is Verb.LIST_QUERY:
        answer = _query(call, queries.find_list, queries.show_list)
    elif message.verb is Verb.TXN_QUERY:
        answer = _query(call, queries.find_txns, queries.show_txn)
    else:
        answer = _write(call, macros)
    if request.reader.ignored and not answer.status.code:
        names = ", ".join(request.reader.ignored)
        answer.status = Status(code=530, message=f"These fields are not supported in this edition: {names}.")
    return answer


def _block(call: Call) -> tuple[Part, Obj]:
    block = call.request.message.nodes[0]
    if not isinstance(block, Part):
        raise TypeError(f"{call.request.message.name} has no block")
    return block, call.sent[block.name]


def _write(call: Call, macros: MacroTable) -> Answer:
    company, kind, verb = call.company, call.request.message.kind, call.request.message.verb
    block, body = _block(call)
    macro = body.get(MACRO)
    if macro:
        macros.must_be_new(macro)
    if verb in (Verb.LIST_ADD, Verb.LIST_MOD):
        rule = lists.add if verb is Verb.LIST_ADD else lists.change
        identity = rule(company, kind, block=block, sent=body)
        books.restock(company, identity)
        record = company.records[kind][identity]
        shown = list_view(company, kind, record)
    else:
        add, change = _TXN_RULES[kind]
        identity = (add if verb is Verb.TXN_ADD else change)(company, block=block, sent=body)
        record = company.records[kind][identity]
        shown = txn_view(company, kind, record, Detail())
    if macro:
        macros.define(macro, identity)
    return Answer(records=[(kind, shown)], recovery=_trace(record))


def _trace(record: Obj) -> Obj:
    names = ("ListID", "TxnID", "TxnNumber", "EditSequence", "ExternalGUID")
    return {name: record[name] for name in names if record.get(name)}


def _query(
    call: Call,
    find: Callable[[Company, str, Obj], queries.Found],
    show: Callable[[Company, Key, Obj], Obj],
) -> Answer:
    company = call.company

    def shown(key: Key) -> tuple[str, Obj] | None:
        return None if company.get(*key) is None else (key[0], show(company, key, call.sent))

    return paged(call, find=lambda: find(company, call.request.message.kind, call.sent), show=shown)


# --- messages with a rule of their own ---


def _deleted(call: Call) -> Answer:
    kind = "TxnDelType" if "TxnDelType" in call.sent else "ListDelType"
    found = [
        with_times(call.company, row) for row in cross_queries.deleted(call.company, call.sent, kind=kind)
    ]
    return rows(call, kind.replace("DelType", "Deleted"), found)


def _transactions(call: Call) -> Answer:
    found = cross_queries.transactions(call.company, call.sent)
    return rows(call, "Transaction", found, lost=cross_queries.lost(call.company, call.sent))


def _to_pay(call: Call) -> Answer:
    refs.resolve(call.company, call.request.message.nodes, call.sent)
    return rows(call, "BillToPay", list(cross_queries.to_pay(call.company, call.sent)))


def _to_deposit(call: Call) -> Answer:
    return rows(call, "ReceivePaymentToDeposit", list(cross_queries.to_deposit(call.company)))


def _void(call: Call) -> Answer:
    record = removal.void(call.company, call.sent["TxnVoidType"], call.sent["TxnID"])
    shown = {**with_times(call.company, record), "TxnVoidType": call.sent["TxnVoidType"]}
    return Answer(direct=shown, recovery=_trace(record))


def _delete(call: Call) -> Answer:
    note = removal.delete(call.company, call.sent["TxnDelType"], call.sent["TxnID"])
    return Answer(direct=with_times(call.company, note), recovery={"TxnID": call.sent["TxnID"]})


def _remove(call: Call) -> Answer:
    note = lists.remove(call.company, call.sent["ListDelType"], call.sent["ListID"])
    return Answer(direct=with_times(call.company, note))


def _define(call: Call) -> Answer:
    _, body = _block(call)
    return Answer(records=[("DataExtDef", custom_data.define(call.company, body))])


def _definitions(call: Call) -> Answer:
    return rows(call, "DataExtDef", custom_data.definitions(call.company, call.sent))


def _set_data(call: Call) -> Answer:
    block, body = _block(call)
    refs.resolve(call.company, block.nodes, body)
    return Answer(records=[("DataExt", custom_data.write(call.company, body))])


def _erase_data(call: Call) -> Answer:
    block, body = _block(call)
    refs.resolve(call.company, block.nodes, body)
    return Answer(records=[("DataExtDel", with_times(call.company, custom_data.erase(call.company, body)))])


def _host(call: Call) -> Answer:
    record = profile.host(call.company, with_capacities="IncludeListMetaData" in call.sent)
    return Answer(records=[("Host", record)])


def _company(call: Call) -> Answer:
    return Answer(records=[("Company", profile.company(call.company, call.sent.get("OwnerID", [])))])


def _preferences(call: Call) -> Answer:
    return Answer(records=[("Preferences", call.company.meta("preferences"))])


_OTHERS: dict[str, Callable[[Call], Answer]] = {
    "HostQuery": _host,
    "CompanyQuery": _company,
    "PreferencesQuery": _preferences,
    "TxnVoid": _void,
    "TxnDel": _delete,
    "ListDel": _remove,
    "TxnDeletedQuery": _deleted,
    "ListDeletedQuery": _deleted,
    "BillToPayQuery": _to_pay,
    "ReceivePaymentToDepositQuery": _to_deposit,
    "TransactionQuery": _transactions,
    "DataExtDefAdd": _define,
    "DataExtDefQuery": _definitions,
    "DataExtAdd": _set_data,
    "DataExtMod": _set_data,
    "DataExtDel": _erase_data,
}
_OTHER_WRITES = frozenset(
    ("TxnVoid", "TxnDel", "ListDel", "DataExtDefAdd", "DataExtAdd", "DataExtMod", "DataExtDel")
)
