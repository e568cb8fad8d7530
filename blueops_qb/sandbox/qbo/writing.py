"""Create, update, void and delete: every write passes here, checked first, then done as one step.

Rules of versions and removals: reference/quickbooks-online.md section 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from blueops_qb.sandbox.ledger import Txn, check_balanced
from blueops_qb.sandbox.qbo import charges, exchange, inventory, names, settling
from blueops_qb.sandbox.qbo.auto_apply import apply_by_itself
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.currencies import require_currency
from blueops_qb.sandbox.qbo.draft import Draft, check_open_period, check_refs
from blueops_qb.sandbox.qbo.entities import ENTITIES, Entity, Family
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.news import Written
from blueops_qb.sandbox.qbo.rules import RULES
from blueops_qb.sandbox.qbo.shape import Shaped, shaped
from blueops_qb.sandbox.qbo.wire import Obj, copied

VOIDED = "Voided"
#: members that an update keeps although they were not sent
_LASTING = ("Id", "SyncToken", "MetaData", "domain", "sparse", "DisplayName", "PrintOnCheckName", "TxnDate")
_NEVER_MOVES = ("CurrencyRef", "Active", "_opening")
#: kind -> what its LinkedTxn may be written to name; other links are worked out here
_WRITABLE_LINKS = {"Invoice": ("Estimate",), "Bill": ("PurchaseOrder",)}


def create(
    company: Company, kind: str, body: Obj, *, include: Iterable[str] = (), by_person: bool = False
) -> Obj:
    """Make a new record and answer it as stored; raises Fault."""
    entity = _permitted(company, kind, "create")
    request = shaped(body, entity.fields, latin=company.hidden.latin_only)
    _require(entity, request.values)
    draft = Draft(
        company=company,
        kind=kind,
        new=copied(request.values),
        sent=request.values,
        cleared=request.cleared,
        include=frozenset(include),
        by_person=by_person,
    )
    return _save(draft, entity)


def update(
    company: Company, kind: str, body: Obj, *, include: Iterable[str] = (), by_person: bool = False
) -> Obj:
    """Change a record, sparse or whole, and answer it as stored; raises Fault."""
    entity = _permitted(company, kind, "update")
    old = _current(company, entity, body)
    request = shaped(body, entity.fields, latin=company.hidden.latin_only)
    sparse = str(body.get("sparse", False)).lower() == "true" or entity.family is Family.SINGLE
    sparse = sparse and entity.family is not Family.FILE  # attachables know full updates only
    if not sparse:
        _require(entity, request.values)
    draft = Draft(
        company=company,
        kind=kind,
        new=_merged(old, request, sparse=sparse),
        sent=request.values,
        old=old,
        cleared=request.cleared,
        include=frozenset(include),
        by_person=by_person,
        whole=not sparse,
    )
    _refuse_frozen(company, kind, old)
    return _save(draft, entity)


def delete(company: Company, kind: str, body: Obj, *, by_person: bool = False) -> Obj:
    """Remove a transaction for good and answer the stub; raises Fault."""
    entity = _permitted(company, kind, "delete")
    echoed = [name for name in body if name.endswith("Ex")]
    if echoed:
        raise Fault("2010", f"Property Name:{echoed[0]} specified is unsupported or invalid", echoed[0])
    record = _current(company, entity, body)
    _refuse_removal(company, kind, record, verb="deleted")
    charges.refuse_billed(kind, record)
    if not by_person and entity.family is Family.TXN:
        check_open_period(company, [record["TxnDate"]])
    key = (kind, record["Id"])
    before = dict(RULES[kind].links(record))
    moved = inventory.inventory_items(company, record)
    touched = company.posted.pop(key, [])
    company.drop(kind, record["Id"])
    company.ledger.remove(Txn(kind=kind, id=record["Id"]))
    settling.relink(company, key, before, {})
    if kind == "Invoice":
        charges.follow_billing(company, record, None)
    inventory.recost(company, moved)
    settling.refresh_parties(company, touched)
    return {"domain": "QBO", "status": "Deleted", "Id": record["Id"]}


def void(company: Company, kind: str, body: Obj, *, by_person: bool = False) -> Obj:
    """Set a transaction to zero, keeping it and its number; raises Fault."""
    entity = _permitted(company, kind, "void")
    record = _current(company, entity, body)
    _refuse_removal(company, kind, record, verb="voided")
    if not by_person:
        check_open_period(company, [record["TxnDate"]])
    key = (kind, record["Id"])
    before = dict(RULES[kind].links(record))
    moved = inventory.inventory_items(company, record)
    new = _zeroed(record)
    note = str(record.get("PrivateNote", ""))
    new["PrivateNote"] = note if note.startswith(VOIDED) else f"{VOIDED} - {note}" if note else VOIDED
    new["LinkedTxn"] = []
    for name in ("_written_links", "_tax_override"):
        new.pop(name, None)
    if kind in ("Payment", "BillPayment"):
        new["Line"] = []
    if kind == "Invoice":
        charges.let_go(new)
        charges.follow_billing(company, record, None)
    touched = company.posted.get(key, [])
    company.put(kind, new)
    company.touch(kind, record["Id"], operation=Written.VOIDED)
    company.posted[key] = []
    company.ledger.zero(Txn(kind=kind, id=record["Id"]))
    settling.relink(company, key, before, {})
    inventory.recost(company, moved)
    settling.refresh_parties(company, touched)
    return company.records[kind][record["Id"]]


def _permitted(company: Company, kind: str, operation: str) -> Entity:
    entity = ENTITIES[kind]
    if operation not in entity.operations:
        raise Fault("500", f"Unsupported Operation : operation {operation} on {kind} is not supported.")
    if company.hidden.lapsed:
        raise Fault("6190", "Invalid Company Status : the subscription has ended; the books are read-only.")
    if kind in company.hidden.plan_lacks:
        raise Fault("5020", f"Permission Denied : the subscription of this company does not include {kind}.")
    return entity


def _require(entity: Entity, values: Obj) -> None:
    for field in entity.fields.values():
        if field.required and (values.get(field.name) is None or values[field.name] == []):
            raise missing(field.name)


def _current(company: Company, entity: Entity, body: Obj) -> Obj:
    identity = body.get("Id")
    if entity.family is Family.SINGLE:
        identity = identity or "1"
    if identity is None or identity == "":
        raise missing("Id")
    record = company.get(entity.kind, str(identity))
    token = body.get("SyncToken")
    if token is None or token == "":
        raise missing("SyncToken")
    if str(token) != record["SyncToken"]:
        raise Fault(
            "5010",
            f"Stale Object Error : You and another user were working on this at the same time. SyncToken "
            f"{token} was sent, the {entity.kind} is at {record['SyncToken']}.",
            "SyncToken",
        )
    return record


def _merged(old: Obj, request: Shaped, *, sparse: bool) -> Obj:
    if sparse:
        kept = {name: value for name, value in old.items() if name not in request.cleared or name in _LASTING}
    else:
        kept = {name: old[name] for name in (*_LASTING, *_NEVER_MOVES) if name in old}
        kept.update({name: value for name, value in old.items() if name in ("Balance", "LinkedTxn")})
    return copied({**kept, **request.values})


def _save(draft: Draft, entity: Entity) -> Obj:
    company, kind, new = draft.company, draft.kind, draft.new
    check_refs(draft)
    if entity.family is Family.TXN:
        draft.default("TxnDate", company.clock.today().isoformat())
        require_currency(draft)
        _keep_written_links(draft)
    if draft.old is not None and entity.family is Family.NAME:
        new["CurrencyRef"] = copied(draft.old.get("CurrencyRef", new.get("CurrencyRef")))
    RULES[kind].prepare(draft)
    if entity.family is Family.TXN:
        exchange.set_rate(draft)
        inventory.check_start(draft)
        if not draft.by_person:
            check_open_period(company, [new["TxnDate"], (draft.old or new)["TxnDate"]])
        check_balanced(RULES[kind].entries(company, new), what=kind)
    new["domain"], new["sparse"] = "QBO", False
    if draft.created:
        new["Id"] = company.next_id(entity)
        if kind == "Item" and new["Type"] == "Inventory":
            new["_opening"] = new["QtyOnHand"]
    charges.raise_charges(draft)
    _commit(draft, entity)
    if draft.created:
        apply_by_itself(company, kind, company.records[kind][new["Id"]], create=create, update=update)
    return company.records[kind][new["Id"]]


def _keep_written_links(draft: Draft) -> None:
    # Links to estimates are the client's; links from payments are ours and are worked out after the write.
    sent = draft.sent.get("LinkedTxn")
    if sent is not None:
        kept = [link for link in sent if link.get("TxnType") in _WRITABLE_LINKS.get(draft.kind, ())]
        draft.new["_written_links"] = kept
    elif draft.old is not None and not draft.whole and "_written_links" in draft.old:
        draft.new["_written_links"] = draft.old["_written_links"]
    draft.new["LinkedTxn"] = (draft.old or {}).get("LinkedTxn", [])


def _commit(draft: Draft, entity: Entity) -> None:
    company, kind, new, old = draft.company, draft.kind, draft.new, draft.old
    key = (kind, new["Id"])
    renamed = old is not None and old.get("FullyQualifiedName") != new.get("FullyQualifiedName")
    company.put(kind, new)
    company.touch(kind, new["Id"], first=draft.created)
    if renamed:
        names.rename_below(company, kind, new)
    if kind == "Item" and new["Type"] == "Inventory":
        inventory.open_stock(company, new)
    if entity.family is not Family.TXN:
        return
    before = dict(RULES[kind].links(old)) if old is not None else {}
    touched = list(company.posted.get(key, []))
    settling.refresh(company, key)
    if RULES[kind].open_balance:
        settling.shrink_allocations(company, key)
        settling.refresh(company, key)
    settling.repost(company, key)
    if company.links.get(key) and not RULES[kind].open_balance:
        settling.shrink_allocations(company, key)
    touched += company.posted[key]
    settling.relink(company, key, before, dict(RULES[kind].links(new)))
    if kind == "Invoice":
        charges.follow_billing(company, old, new)
    moved = inventory.inventory_items(company, new) | inventory.inventory_items(company, old)
    if moved:
        # The edit may have taken the stock item off the form, and its cost with it.
        company.ledger.remove(Txn(kind=kind, id=new["Id"]), part=inventory.COST)
        inventory.recost(company, moved)
    settling.refresh_parties(company, touched)


def _refuse_frozen(company: Company, kind: str, record: Obj) -> None:
    holders = [source for source in company.links.get((kind, record["Id"]), {}) if source[0] == "Deposit"]
    if holders:
        raise Fault(
            "6540",
            f"Deposited Transaction cannot be changed : {kind} {record['Id']} is in deposit {holders[0][1]}; "
            "remove it from the deposit first.",
        )


def _refuse_removal(company: Company, kind: str, record: Obj, *, verb: str) -> None:
    _refuse_frozen(company, kind, record)
    linked = company.links.get((kind, record["Id"]), {})
    if linked:
        source = next(iter(linked))
        raise business(
            f"{kind} {record['Id']} cannot be {verb}: {source[0]} {source[1]} is linked to it; unlink it"
        )


def _zeroed(value: Obj) -> Obj:
    amounts = {
        "TotalAmt",
        "Balance",
        "UnappliedAmt",
        "Amount",
        "Qty",
        "Quantity",
        "TotalTax",
        "NetAmountTaxable",
        "Deposit",
    }
    out: Obj = {}
    for name, member in value.items():
        if name in amounts:
            out[name] = Decimal(0)
        elif isinstance(member, dict) and name != "MetaData":
            out[name] = _zeroed(member)
        elif isinstance(member, list):
            out[name] = [_zeroed(row) if isinstance(row, dict) else row for row in member]
        else:
            out[name] = member
    return out
