"""What each path under /v3/company/<realm>/ does: one table of special paths, the rest are records by kind.

A handler gets the company, the request and the path's segments after the realm, and answers the members of a JSON
answer, or a whole Response (a download, say) that is sent as it is.  Paths: reference section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blueops_qb.sandbox.qbo import writing
from blueops_qb.sandbox.qbo.batch import check_batch, run_items
from blueops_qb.sandbox.qbo.changes import changed_since
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.entities import BY_PATH, Entity, Family
from blueops_qb.sandbox.qbo.faults import Fault, gone, unsupported
from blueops_qb.sandbox.qbo.http import Request, Response
from blueops_qb.sandbox.qbo.query import run_query
from blueops_qb.sandbox.qbo.reports import report
from blueops_qb.sandbox.qbo.spelling import shouted
from blueops_qb.sandbox.qbo.taxservice import create_tax_code
from blueops_qb.sandbox.qbo.uploads import download_address, upload
from blueops_qb.sandbox.qbo.view import InvoiceLinks, shown
from blueops_qb.sandbox.qbo.wire import Obj, loads
from blueops_qb.sandbox.qbo.xml_body import is_xml, xml_body

Handler = Callable[[Company, Request, list[str]], Obj | Response]

#: what one record may be asked for beside itself: ``GET /invoice/145/pdf``, ``POST /invoice/145/send``
_ASIDE = {("GET", "pdf"), ("POST", "send")}


def routed(company: Company, request: Request, rest: list[str]) -> Obj | Response:
    """Answer one call; ``rest`` are the segments after the realm. Raises Fault."""
    head = rest[0] if rest else ""
    special = SPECIAL.get((request.method, head))
    if special is not None:
        return special(company, request, rest)
    entity = BY_PATH.get(head)
    if entity is None or request.method not in ("GET", "POST"):
        raise unsupported(request.method, rest)
    if len(rest) == 3 and (request.method, rest[2]) in _ASIDE:
        return _not_here(company, entity, rest)
    if request.method == "GET" and len(rest) <= 2:
        return _read(company, entity, rest[1] if len(rest) > 1 else "", request)
    if request.method == "POST" and len(rest) == 1:
        return _write(company, entity, request)
    raise unsupported(request.method, rest)


def body_of(request: Request) -> Obj:
    """The object in a request, JSON or XML; raises Fault 500 for none, 2010 for one that cannot be read."""
    if not request.body.strip():
        raise Fault("500", "Unsupported Operation : the request has no body (Premature end of file).")
    if is_xml(request.content_type):
        return xml_body(request.body)
    try:
        body: Any = loads(request.body)
    except UnicodeDecodeError as error:
        raise Fault("2010", f"The request body is not UTF-8: {error.reason} at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise Fault("2010", f"The request body is not readable JSON: {error}") from None
    if not isinstance(body, dict):
        raise Fault("2010", "The request body must be a JSON object.")
    return body


def _read(company: Company, entity: Entity, identity: str, request: Request) -> Obj:
    if entity.family is Family.SINGLE:
        identity = "1"
    if not identity:
        raise unsupported("GET", [entity.path], "it needs an id")
    kind = entity.kind
    record = company.rows(kind, asked="read").get(identity)
    if record is None:
        record = company.get(kind, identity)  # a malformed or unknown id says so
        if company.lags("read"):
            raise gone(kind, identity)
    answer = shown(company, kind, record)
    _links(request).add_to(company, kind, answer)
    return {kind: answer}


def _write(company: Company, entity: Entity, request: Request) -> Obj:
    body, operation = body_of(request), request.one("operation")
    include = _words(request)
    kind = entity.kind
    if kind in body and isinstance(body[kind], dict) and len(body) == 1:
        body = body[kind]
    if operation == "delete":
        return {kind: writing.delete(company, kind, body)}
    if operation == "void" or "void" in include:
        record = writing.void(company, kind, body)
        answer = shown(company, kind, record)
        return {kind: shouted(answer) if company.hidden.old_enum_spelling else answer}
    if operation not in ("", "update", "create"):
        raise Fault("500", f"Unsupported Operation : operation {operation!r} is not supported.", "operation")
    if operation == "update" or entity.family is Family.SINGLE or body.get("Id"):
        record = writing.update(company, kind, body, include=include)
    else:
        record = writing.create(company, kind, body, include=include)
    answer = shown(company, kind, record)
    _links(request).add_to(company, kind, answer)
    return {kind: answer}


def _not_here(company: Company, entity: Entity, rest: list[str]) -> Response:
    # Printing and mailing need a mail server and forms; the twin says so instead of pretending.
    del entity
    company.get(BY_PATH[rest[0]].kind, rest[1])
    words = f"the practice server does not print or send: /{'/'.join(rest)}".encode()
    return Response(status=501, body=words, content_type="text/plain; charset=utf-8")


def _words(request: Request) -> list[str]:
    return [word.strip() for value in request.many("include") for word in value.split(",")]


def _links(request: Request) -> InvoiceLinks:
    return InvoiceLinks(asked="invoiceLink" in _words(request), base_url=request.base_url)


def _query_get(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    return _queried(company, request, request.one("query"))


def _query_post(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    text = request.body.decode("utf-8", "replace")
    if "json" in request.content_type and text.lstrip().startswith("{"):
        text = str(body_of(request).get("query", ""))
    elif request.content_type.startswith("application/x-www-form-urlencoded") and "query" in request.form():
        text = request.form()["query"]
    return _queried(company, request, text.strip() or request.one("query"))


def _queried(company: Company, request: Request, statement: str) -> Obj:
    answer = run_query(company, statement)
    links = _links(request)
    for record in answer.get("Invoice", ()):
        links.add_to(company, "Invoice", record)
    return {"QueryResponse": answer}


def _batch(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    items = check_batch(body_of(request), request_id=request.one("requestid"))
    return {"BatchItemResponse": run_items(company, items)}


def _cdc(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    kinds, since = ",".join(request.many("entities")), request.one("changedSince")
    return {"CDCResponse": [changed_since(company, kinds, since)]}


def _report(company: Company, request: Request, rest: list[str]) -> Obj:
    params = {name: values[0] for name, values in request.query.items()}
    return report(company, rest[1] if len(rest) > 1 else "", params)


def _tax_service(company: Company, request: Request, rest: list[str]) -> Obj:
    if rest[1:] != ["taxcode"]:
        raise unsupported(request.method, rest)
    return create_tax_code(company, body_of(request))


#: (method, first segment after the realm) -> handler; a new special path is a row here
SPECIAL: dict[tuple[str, str], Handler] = {
    ("GET", "query"): _query_get,
    ("POST", "query"): _query_post,
    ("POST", "batch"): _batch,
    ("GET", "cdc"): _cdc,
    ("GET", "reports"): _report,
    ("POST", "taxservice"): _tax_service,
    ("POST", "upload"): upload,
    ("GET", "download"): download_address,
}
