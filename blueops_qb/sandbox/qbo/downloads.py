"""Addresses of attached files that open without a sign-in for a quarter of an hour (reference section 4.21)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import quote, urlencode

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.http import Request, Response
from blueops_qb.sandbox.qbo.wire import Obj

PREFIX = "/attachments"
OPEN_FOR = timedelta(minutes=15)
_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>%s</Message></Error>'
)


def file_addresses(company: Company, record: Obj) -> Obj:
    """FileAccessUri and TempDownloadUri of an attachable that holds a file; nothing for a note."""
    if record["Id"] not in company.files:
        return {}
    access = f"/v3/company/{company.realm}/download/{record['Id']}"
    return {"FileAccessUri": access, "TempDownloadUri": temporary_address(company, record)}


def temporary_address(company: Company, record: Obj) -> str:
    """The address from which the file can be fetched for 15 minutes."""
    until = int((company.clock.now() + OPEN_FOR).timestamp())
    query = urlencode({"expires": until, "signature": _signature(company, record["Id"], until)})
    name = quote(str(record["FileName"]), safe="")
    return f"{company.served_at}{PREFIX}/{company.realm}/{record['Id']}/{name}?{query}"


def download(companies: dict[str, Company], request: Request) -> Response:
    """Answer such an address: the bytes of the file, 403 once its time is over, 404 once it is gone."""
    realm, identity = [*request.path.removeprefix(PREFIX).strip("/").split("/"), "", ""][:2]
    company = companies.get(realm)
    until = request.one("expires")
    if company is None or not until.isdigit():
        return _denied(b"Access Denied")
    signed = _signature(company, identity, int(until))
    if not hmac.compare_digest(signed, request.one("signature")):
        return _denied(b"Access Denied")
    if company.clock.now().timestamp() > int(until):
        return _denied(b"Request has expired")
    with company.lock:
        record, data = company.find("Attachable", identity), company.files.get(identity)
    if record is None or data is None:
        return Response(status=404, body=b"The file was deleted.", content_type="text/plain")
    shown = quote(str(record["FileName"]), safe="")
    return Response(
        body=data,
        content_type=str(record["ContentType"]),
        headers=[
            ("Content-Disposition", f"attachment; filename*=UTF-8''{shown}"),
            ("X-Content-Type-Options", "nosniff"),
        ],
    )


def _signature(company: Company, identity: str, until: int) -> str:
    text = f"{company.realm}/{identity}/{until}".encode()
    return hmac.new(company.hidden.file_key.encode(), text, hashlib.sha256).hexdigest()


def _denied(why: bytes) -> Response:
    return Response(status=403, body=_DENIED % why, content_type="application/xml")
