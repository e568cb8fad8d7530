"""Takes files in: POST /upload with pairs of metadata and content, and GET /download (reference section 4.21)."""

from __future__ import annotations

import re

import attrs

from blueops_qb.sandbox.qbo import writing
from blueops_qb.sandbox.qbo.attachables import KIND, check_file_type, content_type
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.downloads import temporary_address
from blueops_qb.sandbox.qbo.faults import Fault, gone, missing, unsupported
from blueops_qb.sandbox.qbo.http import Request, Response
from blueops_qb.sandbox.qbo.multipart import Part, UnreadableParts, parts_of
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.wire import Obj, loads

LARGEST = 100 * 2**20
_NAME = re.compile(r"file_(metadata|content)_(\d+)\Z")


@attrs.define(kw_only=True)
class _Pair:
    metadata: Part | None = None
    content: Part | None = None


def upload(company: Company, request: Request, rest: list[str]) -> Obj:
    """Store every file of the request; one that is refused carries its own Fault in the answer.

    Raises Fault 6030 for more than 100 MB, 6040 for a body that cannot be taken apart, 2020 for one without files.
    """
    if len(rest) > 1:
        raise unsupported(request.method, rest)
    if len(request.body) > LARGEST:
        raise Fault("6030", f"The upload of {len(request.body)} bytes is larger than {LARGEST}.")
    try:
        parts = parts_of(request.body, request.content_type)
    except UnreadableParts as error:
        raise Fault("6040", f"The upload cannot be read: {error}.") from None
    pairs: dict[int, _Pair] = {}
    for part in parts:
        named = _NAME.match(part.name)
        if named is not None:
            pair = pairs.setdefault(int(named.group(2)), _Pair())
            setattr(pair, named.group(1), part)
    if not any(pair.content for pair in pairs.values()):
        raise missing("file_content_01")
    return {"AttachableResponse": [_stored(company, number, pairs[number]) for number in sorted(pairs)]}


def download_address(company: Company, request: Request, rest: list[str]) -> Response:
    """The temporary address of an attachable's file, as plain text; raises Fault 610 where there is none."""
    if len(rest) != 2:
        raise unsupported(request.method, rest)
    record = company.get(KIND, rest[1])
    if rest[1] not in company.files:
        raise gone(f"file of {KIND}", rest[1])
    return Response(body=temporary_address(company, record).encode(), content_type="text/plain;charset=UTF-8")


def keep_file(company: Company, record: Obj, data: bytes) -> None:
    """Put the bytes of a file behind its attachable."""
    company.files[record["Id"]] = data
    record["Size"] = len(data)


def _stored(company: Company, number: int, pair: _Pair) -> Obj:
    try:
        if pair.content is None:
            raise Fault("6040", f"file_metadata_{number:02} has no file_content_{number:02} beside it.")
        body = _described(pair.metadata, pair.content)
        check_file_type(name=body["FileName"], kind=body["ContentType"])
        write = writing.update if body.get("Id") else writing.create
        record = write(company, KIND, body)
        keep_file(company, record, pair.content.data)
        return {KIND: shown(company, KIND, record)}
    except Fault as fault:
        return {"Fault": fault.body()}


def _described(metadata: Part | None, content: Part) -> Obj:
    body: Obj = {}
    if metadata is not None:
        try:
            body = loads(metadata.data)
        except ValueError as error:
            raise Fault("6040", f"The metadata is not readable JSON: {error}") from None
        if not isinstance(body, dict):
            raise Fault("6040", "The metadata must be a JSON object.")
        if list(body) == [KIND] and isinstance(body[KIND], dict):
            body = body[KIND]
    name = str(body.get("FileName") or content.filename)
    if not name:
        raise Fault("6040", "The file has no name: FileName in its metadata, or filename on its part.")
    kind = str(body.get("ContentType") or content.content_type or content_type(name))
    return {**body, "FileName": name, "ContentType": kind}
