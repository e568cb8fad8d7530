"""Files and notes of the twin: uploads as different clients send them, references, downloads, faults."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import ObjectNotFoundException
from quickbooks.objects.attachable import Attachable
from quickbooks.objects.base import AttachableRef, Ref

from blueops_qb.sandbox.qbo import storage
from blueops_qb.sandbox.qbo.running import running_twin
from tests.twin_calls import Caller, Json, calling, expense_line
from tests.twin_library import library

PDF = b"%PDF-1.4\n" + bytes(range(256)) + b"\r\n--almost-a-boundary\r\n%%EOF\r\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture(scope="module")
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


@pytest.fixture(scope="module")
def bill(qbo: Caller) -> Json:
    return qbo.create("Bill", {"VendorRef": {"value": "34"}, "Line": [expense_line("5", "45")]})


def hung_on(record: Json, kind: str = "Bill") -> Json:
    return {"AttachableRef": [{"EntityRef": {"type": kind, "value": record["Id"]}, "IncludeOnSend": False}]}


def sent(qbo: Caller, parts: list[tuple[str, tuple[str | None, Any, str]]]) -> list[Json]:
    response = qbo.raw("POST", "/upload", files=parts)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert set(answer) == {"AttachableResponse", "time"}
    return [dict(row) for row in answer["AttachableResponse"]]


def metadata(number: int, **members: Any) -> tuple[str, tuple[str | None, Any, str]]:
    return f"file_metadata_{number:02}", (None, json.dumps(members), "application/json")


def content(number: int, name: str, data: Any, kind: str) -> tuple[str, tuple[str | None, Any, str]]:
    return f"file_content_{number:02}", (name, data, kind)


def test_a_receipt_hangs_on_its_bill_and_comes_back_byte_for_byte(qbo: Caller, bill: Json) -> None:
    about = metadata(1, FileName="receipt.pdf", ContentType="application/pdf", **hung_on(bill))
    [row] = sent(qbo, [about, content(1, "x.pdf", PDF, "application/pdf")])
    made = row["Attachable"]
    assert (made["FileName"], made["ContentType"], made["Size"]) == (
        "receipt.pdf",
        "application/pdf",
        len(PDF),
    )
    assert made["SyncToken"] == "0"
    assert made["FileAccessUri"] == f"/v3/company/{qbo.twin.realm}/download/{made['Id']}"
    fetched = requests.get(made["TempDownloadUri"], timeout=60)
    assert (fetched.content, fetched.headers["Content-Type"]) == (PDF, "application/pdf")
    address = qbo.raw("GET", f"/download/{made['Id']}")
    assert address.headers["Content-Type"].startswith("text/plain")
    assert requests.get(address.text, timeout=60).content == PDF


def test_an_edit_of_the_bill_keeps_its_receipt_and_a_deletion_leaves_it_dangling(qbo: Caller) -> None:
    body = {"VendorRef": {"value": "34"}, "Line": [expense_line("5", "45")]}
    made = qbo.create("Bill", body)
    [row] = sent(qbo, [metadata(1, **hung_on(made)), content(1, "r.png", PNG, "image/png")])
    find = (
        "select * from Attachable where AttachableRef.EntityRef.Type = 'bill' "
        f"and AttachableRef.EntityRef.value = '{made['Id']}'"
    )
    full = body | {"Id": made["Id"], "SyncToken": "0", "PrivateNote": "edited as a whole"}
    edited = qbo.create("Bill", full)
    [kept] = qbo.query(find)["Attachable"]
    assert (kept["Id"], kept["SyncToken"], kept["FileName"]) == (row["Attachable"]["Id"], "0", "r.png")
    qbo.delete("Bill", edited)
    [dangling] = qbo.query(find)["Attachable"]
    assert dangling["AttachableRef"][0]["EntityRef"] == {"type": "Bill", "value": made["Id"]}
    assert qbo.create("Attachable", dangling | {"Note": "owner gone"})["Note"] == "owner gone"


def test_a_query_asks_type_and_id_of_the_same_reference(qbo: Caller, bill: Json) -> None:
    refs = [
        {"EntityRef": {"type": "Bill", "value": bill["Id"]}},
        {"EntityRef": {"type": "Customer", "value": "24"}},
    ]
    made = qbo.create("Attachable", {"Note": "hangs on two", "AttachableRef": refs})

    def found(kind: str, identity: str) -> bool:
        statement = (
            f"select * from Attachable where AttachableRef.EntityRef.Type = '{kind}' and "
            f"AttachableRef.EntityRef.value = '{identity}'"
        )
        return made["Id"] in {row["Id"] for row in qbo.query(statement).get("Attachable", [])}

    assert found("Bill", bill["Id"])
    assert found("customer", "24")
    assert not found("Customer", bill["Id"])
    assert not found("Bill", "24")
    by_note = qbo.query("select * from Attachable where Note LIKE '%on two' and FileName = ''")
    assert [row["Id"] for row in by_note["Attachable"]] == [made["Id"]]


def test_without_an_accept_header_an_upload_is_answered_in_xml(qbo: Caller) -> None:
    parts = [content(1, "x.png", PNG, "image/png")]
    response = qbo.raw("POST", "/upload", files=parts, headers={"Accept": "*/*"})
    assert response.headers["Content-Type"].startswith("application/xml")
    tree = etree.fromstring(response.content)
    assert tree.xpath("string(//*[local-name()='Attachable']/*[local-name()='FileName'])") == "x.png"


def test_several_files_in_one_call_are_paired_by_their_numbers(qbo: Caller, bill: Json) -> None:
    rows = sent(
        qbo,
        [
            content(2, "two.png", PNG, "image/png"),
            content(1, "one.pdf", PDF, "application/pdf"),
            metadata(2, FileName="second.png", Category="Receipt", **hung_on(bill)),
            metadata(1, FileName="first.pdf", Note="the first"),
            metadata(3, FileName="never.pdf"),
            content(4, "notes.txt", b"hello", "text/plain"),
            metadata(5, FileName="five.png", Weather="fair"),
            content(5, "five.png", PNG, "image/png"),
        ],
    )
    named = [row["Attachable"]["FileName"] for row in rows[:2]]
    assert named == ["first.pdf", "second.png"]
    assert rows[1]["Attachable"]["Category"] == "Receipt"
    codes = [row["Fault"]["Error"][0]["code"] for row in rows[2:]]
    assert codes == ["6040", "6041", "2010"]


def test_node_quickbooks_streams_a_file_and_then_says_what_it_belongs_to(qbo: Caller, bill: Json) -> None:
    boundary = "--------------------------104857600001234567890123"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file_content_01"; filename="streamed.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode()

    def stream() -> Iterator[bytes]:
        yield head
        for start in range(0, len(PNG), 7):
            yield PNG[start : start + 7]
        yield f"\r\n--{boundary}--".encode()

    response = qbo.raw(
        "POST",
        "/upload?minorversion=75&format=json",
        data=stream(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    assert response.request.headers["Transfer-Encoding"] == "chunked"
    made = response.json()["AttachableResponse"][0]["Attachable"]
    assert (made["FileName"], made["ContentType"], made["Size"]) == ("streamed.png", "image/png", len(PNG))
    tie = {"Id": made["Id"], "SyncToken": "0", "sparse": True, **hung_on(bill)}
    tied = qbo.post("/attachable", tie, operation="update")["Attachable"]
    assert tied["AttachableRef"][0]["EntityRef"]["value"] == bill["Id"]
    assert (tied["FileName"], tied["Size"], tied["SyncToken"]) == ("streamed.png", len(PNG), "1")
    assert requests.get(tied["TempDownloadUri"], timeout=60).content == PNG


def test_python_quickbooks_sends_base64_in_a_body_of_bare_line_feeds(tmp_path: Path) -> None:
    with running_twin(seed="names") as twin, library(twin) as qb:
        file = tmp_path / "photo.png"
        file.write_bytes(PNG)
        photo = Attachable()
        photo.FileName, photo.ContentType, photo._FilePath = "photo.png", "image/png", str(file)
        ref = AttachableRef()
        ref.EntityRef = Ref()
        ref.EntityRef.type, ref.EntityRef.value = "Vendor", "34"
        photo.AttachableRef.append(ref)
        made = photo.save(qb=qb)
        assert (made.Size, made.AttachableRef[0].EntityRef.type) == (len(PNG), "Vendor")
        assert requests.get(made.TempDownloadUri, timeout=60).content == PNG

        scan = Attachable()
        scan.FileName, scan.ContentType, scan._FileBytes = "scan.pdf", "application/pdf", PDF
        assert requests.get(scan.save(qb=qb).TempDownloadUri, timeout=60).content == PDF

        note = Attachable()
        note.Note, note.AttachableRef = "Ask for the gate code", [ref]
        written = note.save(qb=qb)
        written.Note = "Gate code is 17"
        changed = written.save(qb=qb)
        assert (changed.Note, changed.SyncToken, changed.Size) == ("Gate code is 17", "1", None)
        assert Attachable.filter(FileName="PHOTO.png", qb=qb)[0].Id == made.Id
        seen = change_data_capture([Attachable], made.MetaData["CreateTime"], qb=qb)
        assert changed.Id in {row.Id for row in seen.Attachable}
        changed.delete(qb=qb)
        with pytest.raises(ObjectNotFoundException):
            Attachable.get(changed.Id, qb=qb)
        assert Attachable.count(qb=qb) == 2


def test_base64_that_does_not_say_so_is_stored_as_the_text_it_is(qbo: Caller) -> None:
    text = base64.b64encode(PDF)
    [row] = sent(qbo, [content(1, "corrupt.pdf", text, "application/pdf")])
    assert row["Attachable"]["Size"] == len(text)
    assert requests.get(row["Attachable"]["TempDownloadUri"], timeout=60).content == text


def test_an_update_replaces_references_and_clears_what_it_leaves_out(qbo: Caller, bill: Json) -> None:
    about = metadata(1, FileName="a.png", Note="dropped", Tag="t", **hung_on(bill))
    [row] = sent(qbo, [about, content(1, "a.png", PNG, "image/png")])
    made = row["Attachable"]
    customer = {"EntityRef": {"type": "customer", "value": "1"}, "IncludeOnSend": True}
    item = {"EntityRef": {"type": "Item", "value": "1"}}
    head = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    changed = qbo.post("/attachable", head | {"AttachableRef": [customer, item]})["Attachable"]
    assert [ref["EntityRef"] for ref in changed["AttachableRef"]] == [
        {"type": "Customer", "value": "1"},
        {"type": "Item", "value": "1"},
    ]
    assert "Note" not in changed
    assert "Tag" not in changed
    bare = qbo.post("/attachable", head | {"SyncToken": "1", "Note": "no owner"})["Attachable"]
    assert "AttachableRef" not in bare
    assert (bare["FileName"], bare["Size"]) == ("a.png", len(PNG))
    code, _ = qbo.fault("POST", "/attachable", head | {"Note": "stale"})
    assert code == "5010"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "2020"),
        ({"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Account", "value": "1"}}]}, "6050"),
        ({"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Bill", "value": "999999"}}]}, "2500"),
        ({"Note": "n", "AttachableRef": [{"EntityRef": {"type": "Bill"}}]}, "2020"),
        ({"Note": "n" * 2001}, "2050"),
        ({"Note": "n", "Category": "Selfie"}, "2170"),
        ({"Note": "n", "Colour": "red"}, "2010"),
    ],
)
def test_what_is_wrong_with_an_attachable_has_its_code(qbo: Caller, body: Json, code: str) -> None:
    assert qbo.refuses("Attachable", body) == code


def test_uploads_that_cannot_be_read_are_refused(qbo: Caller) -> None:
    def refused(data: bytes, kind: str) -> str:
        answer = qbo.raw("POST", "/upload", data=data, headers={"Content-Type": kind}).json()
        return str(answer["Fault"]["Error"][0]["code"])

    part = b'--b\r\nContent-Disposition: form-data; name="file_content_01"; filename="a.png"\r\n\r\nxx\r\n'
    form = "multipart/form-data; boundary=b"
    assert refused(b"{}", "application/json") == "6040"
    assert refused(part, form) == "6040"
    assert refused(b"nothing here", form) == "6040"
    assert refused(b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nxx\r\n--b--', form) == "2020"
    broken = part.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!", 1) + b"--b--"
    assert refused(broken, form) == "6040"
    rows = sent(
        qbo, [("file_metadata_01", (None, "{", "application/json")), content(1, "", PNG, "image/png")]
    )
    assert rows[0]["Fault"]["Error"][0]["code"] == "6040"


def test_more_than_a_hundred_megabytes_are_refused(qbo: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueops_qb.sandbox.qbo.uploads.LARGEST", 1000)
    response = qbo.raw("POST", "/upload", files=[content(1, "big.png", bytes(2000), "image/png")])
    assert response.json()["Fault"]["Error"][0]["code"] == "6030"


def test_a_repeated_requestid_stores_the_file_once(qbo: Caller) -> None:
    parts = [content(1, "once.png", PNG, "image/png")]
    first = qbo.raw("POST", "/upload?requestid=upload-once", files=parts).json()
    second = qbo.raw("POST", "/upload?requestid=upload-once", files=parts).json()
    assert second == first
    assert qbo.query("select count(*) from Attachable where FileName = 'once.png'")["totalCount"] == 1


def test_a_temporary_address_is_signed_and_ends_after_a_quarter_of_an_hour() -> None:
    with calling(seed="empty") as qbo:
        [row] = sent(qbo, [content(1, "a b & ö.png", PNG, "image/png")])
        made = row["Attachable"]
        assert made["FileName"] == "a b & ö.png"
        address = made["TempDownloadUri"]
        assert requests.get(address, timeout=60).content == PNG
        assert requests.get(address.replace("signature=", "signature=0"), timeout=60).status_code == 403
        assert requests.get(address.partition("?")[0], timeout=60).status_code == 403
        qbo.admin("clock", advance_seconds=16 * 60)
        assert requests.get(address, timeout=60).status_code == 403
        fresh = qbo.read("Attachable", made["Id"])["TempDownloadUri"]
        assert requests.get(fresh, timeout=60).content == PNG
        qbo.delete("Attachable", made)
        assert requests.get(fresh, timeout=60).status_code == 404
        assert qbo.fault("GET", f"/download/{made['Id']}")[0] == "610"


def test_files_survive_in_the_company_file(tmp_path: Path) -> None:
    with calling(seed="empty") as qbo:
        [row] = sent(
            qbo, [metadata(1, **hung_on({"Id": "1"}, "Customer")), content(1, "k.png", PNG, "image/png")]
        )
        storage.save(qbo.twin.company, tmp_path / "company.json")
    company = storage.load(tmp_path / "company.json")
    with calling(company=company) as again:
        kept = again.read("Attachable", row["Attachable"]["Id"])
        assert kept["AttachableRef"] == row["Attachable"]["AttachableRef"]
        assert requests.get(kept["TempDownloadUri"], timeout=60).content == PNG
