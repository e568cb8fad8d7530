"""Data extensions: custom fields (owner 0), private data of applications, and their definitions."""

from __future__ import annotations

from collections.abc import Collection

from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, bad_reference, not_found
from blueops_qb.sandbox.qbd.kinds import TXN_KINDS
from blueops_qb.sandbox.qbd.refs import find
from blueops_qb.sandbox.qbd.values import Obj

#: the longest text that a custom field shows
_SHOWN = 30
_COMPANY = "company"


def define(company: Company, sent: Obj) -> Obj:
    """Define a field and answer the definition; raises Refusal 3180 for one that is there already."""
    key = f"{sent['OwnerID'].lower()}|{sent['DataExtName'].casefold()}"
    if company.get("DataExtDef", key) is not None:
        raise Refusal(3180, f'The data extension "{sent["DataExtName"]}" is defined already.')
    record = {
        "OwnerID": sent["OwnerID"],
        "DataExtID": str(company.count("data")),
        "DataExtName": sent["DataExtName"],
        "DataExtType": "STR255TYPE" if sent["OwnerID"] == "0" else sent["DataExtType"],
        "AssignToObject": sent.get("AssignToObject", []),
        "DataExtListRequire": sent.get("DataExtListRequire") or "false",
        "DataExtTxnRequire": sent.get("DataExtTxnRequire") or "false",
        "DataExtFormatString": sent.get("DataExtFormatString", ""),
    }
    company.put("DataExtDef", key, record)
    return record


def definitions(company: Company, sent: Obj) -> list[Obj]:
    """The definitions of these owners, or for these objects; all without a filter."""
    owners, objects = sent.get("OwnerID"), set(sent.get("AssignToObject", []))
    return [
        record
        for record in company.records["DataExtDef"].values()
        if (owners is None or record["OwnerID"] in owners)
        and (not objects or objects & set(record["AssignToObject"]))
    ]


def write(company: Company, sent: Obj) -> Obj:
    """Set a value, new or in place of another; raises Refusal 3121, 3120, 3140, 3070."""
    definition = _definition(company, sent)
    owner = _object(company, sent)
    if sent["OwnerID"] == "0" and len(sent["DataExtValue"]) > _SHOWN:
        raise Refusal(3070, f'The string in the field "{sent["DataExtName"]}" is too long: at most {_SHOWN}.')
    record = {
        "OwnerID": sent["OwnerID"],
        "DataExtName": definition["DataExtName"],
        "DataExtType": definition["DataExtType"],
        "DataExtValue": sent["DataExtValue"],
        "_Object": owner[0],
        "_Line": owner[1],
    }
    company.put("DataExt", _key(sent, owner), record)
    _touch(company, owner[0])
    return record


def erase(company: Company, sent: Obj) -> Obj:
    """Take a value away; raises Refusal 3120 where there is none."""
    owner = _object(company, sent)
    key = _key(sent, owner)
    if company.get("DataExt", key) is None:
        raise not_found("DataExt", sent["DataExtName"])
    company.drop("DataExt", key)
    _touch(company, owner[0])
    return {**sent, "TimeDeleted": company.clock.local().isoformat()}


def values_of(company: Company, identity: str, owners: Collection[str], *, line: str = "") -> list[Obj]:
    """The values that hang on a record and belong to these owners, the company's own under ``company``."""
    if not owners:
        return []
    wanted = {owner.lower() for owner in owners}
    return [
        record
        for record in company.records["DataExt"].values()
        if record["_Object"] == identity and record["_Line"] == line and record["OwnerID"].lower() in wanted
    ]


def set_file_id(company: Company, *, owner: str, file_id: str) -> None:
    """What the Web Connector does when an application is added: the private field FileID on the company."""
    sent = {
        "OwnerID": owner,
        "DataExtName": "FileID",
        "DataExtType": "STR255TYPE",
        "AssignToObject": ["Company"],
        "OtherDataExtType": "Company",
        "DataExtValue": file_id,
    }
    if company.get("DataExtDef", f"{owner.lower()}|fileid") is None:
        define(company, sent)
    write(company, sent)


def _definition(company: Company, sent: Obj) -> Obj:
    key = f"{sent['OwnerID'].lower()}|{sent['DataExtName'].casefold()}"
    record = company.get("DataExtDef", key)
    if record is None:
        raise Refusal(
            3121, f'The data extension "{sent["DataExtName"]}" of {sent["OwnerID"]} is not defined.'
        )
    assigned = sent.get("ListDataExtType") or sent.get("TxnDataExtType") or sent.get("OtherDataExtType")
    if record["AssignToObject"] and assigned not in record["AssignToObject"]:
        raise bad_reference("DataExtName", sent["DataExtName"], f"is not assigned to {assigned}")
    return record


def _object(company: Company, sent: Obj) -> tuple[str, str]:
    if "OtherDataExtType" in sent:
        return _COMPANY, ""
    if "ListDataExtType" in sent:
        return find(company, sent["ListDataExtType"], sent["ListObjRef"], name="ListObjRef"), ""
    identity, kind = sent["TxnID"], sent["TxnDataExtType"]
    if kind not in TXN_KINDS or company.get(kind, identity) is None:
        raise not_found(kind, identity)
    return identity, sent.get("TxnLineID", "")


def _key(sent: Obj, owner: tuple[str, str]) -> str:
    return "|".join((*owner, sent["OwnerID"].lower(), sent["DataExtName"].casefold()))


def _touch(company: Company, identity: str) -> None:
    kind = company.kind_of.get(identity)
    if kind is not None and identity != _COMPANY:
        fresh = dict(company.records[kind][identity])
        company.stamp(fresh)
        company.put(kind, identity, fresh)
