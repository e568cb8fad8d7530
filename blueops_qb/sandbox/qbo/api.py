"""The v3 Accounting API: /v3/company/<realm>/... (reference/quickbooks-online.md sections 2 to 8)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from blueops_qb.sandbox.qbo import writing
from blueops_qb.sandbox.qbo.batch import check_batch, run_item
from blueops_qb.sandbox.qbo.changes import changed_since
from blueops_qb.sandbox.qbo.clock import fine_stamp
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.entities import BY_PATH, Entity, Family
from blueops_qb.sandbox.qbo.faults import THROTTLED_XML, Fault, bad_token
from blueops_qb.sandbox.qbo.http import Request, Response, json_response
from blueops_qb.sandbox.qbo.oauth import Tokens
from blueops_qb.sandbox.qbo.query import run_query
from blueops_qb.sandbox.qbo.reports import report
from blueops_qb.sandbox.qbo.taxservice import create_tax_code
from blueops_qb.sandbox.qbo.throttle import Throttle
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.weather import Stats, Weather
from blueops_qb.sandbox.qbo.wire import Obj, loads

LONGEST_REQUESTID, LONGEST_BATCH_REQUESTID = 50, 36


class Api:
    """Answers the calls of clients; the pages and the admin API work on the same companies beside it."""

    def __init__(
        self,
        companies: dict[str, Company],
        *,
        tokens: Tokens,
        throttle: Throttle,
        weather: Weather,
        stats: Stats,
    ) -> None:
        self.companies, self.tokens = companies, tokens
        self.throttle, self.weather, self.stats = throttle, weather, stats

    def answer(self, request: Request) -> Response:
        """Answer one call under /v3/company."""
        segments = request.path.strip("/").split("/")[2:]
        tid = f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
        response = self._guarded(request, segments)
        response.headers += [("intuit_tid", tid), ("QBO-Version", "1990.999")]
        self._count(request, segments, response, tid)
        return response

    def _guarded(self, request: Request, segments: list[str]) -> Response:
        scheme, _, token = request.authorization.partition(" ")
        realm = self.tokens.realm_of(token.strip()) if scheme.lower() == "bearer" else None
        if realm is None:
            detail = "Token expired" if token else "Token missing"
            return json_response(bad_token(detail, int(time.time() * 1000)), status=401)
        company = self.companies.get(segments[0]) if segments else None
        if company is None or realm != company.realm:
            return self._refused(Fault("3100", "The token was not issued for this company."))
        if company.hidden.locked_out:
            return self._refused(Fault("120", "-11014-You do not have access to this company any more."))
        if not self.throttle.admits(realm, batch=segments[1:2] == ["batch"]):
            return self.throttled()
        return self._replayed(company, request, segments[1:])

    def throttled(self, *, xml: bool | None = None) -> Response:
        """A 429 in the form that is switched on."""
        if self.weather.xml_throttle if xml is None else xml:
            return Response(status=429, body=THROTTLED_XML, content_type="application/xml;charset=UTF-8")
        return self._refused(Fault("3001", "The request limit was reached.  Try again later"))

    def _replayed(self, company: Company, request: Request, rest: list[str]) -> Response:
        key = request.one("requestid") if request.method == "POST" else ""
        longest = LONGEST_BATCH_REQUESTID if rest[:1] == ["batch"] else LONGEST_REQUESTID
        if len(key) > longest:
            return self._refused(Fault("2130", f"requestid is longer than {longest} characters."))
        with company.lock:
            kept = company.recall(key) if key and not self.weather.requestid_ignored else None
            if kept is not None:
                self.stats.replays += 1
                return Response(status=kept[0], body=kept[1])
            response = self._dispatched(company, request, rest)
            if key and response.status < 429:
                company.remember(key, response.status, response.body)
            return response

    def _dispatched(self, company: Company, request: Request, rest: list[str]) -> Response:
        try:
            answered = self._routed(company, request, rest)
            return json_response({**answered, "time": fine_stamp(company.clock.now())})
        except Fault as fault:
            return self._refused(fault, company)

    def _refused(self, fault: Fault, company: Company | None = None) -> Response:
        self.stats.faults[fault.code] += 1
        clock = company.clock if company else self.tokens.clock
        body = {"Fault": fault.body(), "time": fine_stamp(clock.now())}
        return json_response(body, status=fault.status)

    def _routed(self, company: Company, request: Request, rest: list[str]) -> Obj:
        head = rest[0] if rest else ""
        special = _SPECIAL.get((request.method, head))
        if special is not None:
            return special(company, request, rest)
        entity = BY_PATH.get(head)
        if entity is None:
            raise Fault(
                "500", f"Unsupported Operation : {request.method} /{'/'.join(rest)} is not supported."
            )
        if request.method == "GET":
            return _read(company, entity, rest[1] if len(rest) > 1 else "")
        if request.method != "POST" or len(rest) > 1:
            raise Fault(
                "500", f"Unsupported Operation : {request.method} /{'/'.join(rest)} is not supported."
            )
        return _write(company, entity, request)

    def _count(self, request: Request, segments: list[str], response: Response, tid: str) -> None:
        head = segments[1] if len(segments) > 1 else ""
        stats = self.stats
        stats.calls[f"{request.method} /{head}"] += 1
        stats.statuses[str(response.status)] += 1
        if head == "batch":
            stats.batches += 1
            stats.batch_items += request.body.count(b'"bId"')
        elif request.method == "POST" and head != "query":
            stats.writes += 1
        else:
            stats.reads += 1
        stats.recent.append(
            {
                "method": request.method,
                "path": request.path,
                "query": request.query_string,
                "status": response.status,
                "intuit_tid": tid,
            }
        )


def body_of(request: Request) -> Obj:
    """The JSON object in a request; raises Fault 500 for none and 2010 for one that cannot be read."""
    if not request.body.strip():
        raise Fault("500", "Unsupported Operation : the request has no body (premature end of file).")
    try:
        body: Any = loads(request.body)
    except ValueError as error:
        raise Fault("2010", f"The request body is not readable JSON: {error}") from None
    if not isinstance(body, dict):
        raise Fault("2010", "The request body must be a JSON object.")
    return body


def _read(company: Company, entity: Entity, identity: str) -> Obj:
    if entity.family is Family.SINGLE:
        identity = "1"
    if not identity:
        raise Fault("500", f"Unsupported Operation : GET /{entity.path} needs an id.")
    return {entity.kind: shown(company, entity.kind, company.get(entity.kind, identity))}


def _write(company: Company, entity: Entity, request: Request) -> Obj:
    body, operation = body_of(request), request.one("operation")
    include = [word for value in request.many("include") for word in value.split(",")]
    kind = entity.kind
    if kind in body and isinstance(body[kind], dict) and len(body) == 1:
        body = body[kind]
    if operation == "delete":
        return {kind: writing.delete(company, kind, body)}
    if operation == "void" or "void" in include:
        record = writing.void(company, kind, body)
        answer = shown(company, kind, record)
        return {kind: _shouted(answer) if company.hidden.old_enum_spelling else answer}
    if operation not in ("", "update", "create"):
        raise Fault("500", f"Unsupported Operation : operation {operation!r} is not supported.", "operation")
    if operation == "update" or entity.family is Family.SINGLE or body.get("Id"):
        record = writing.update(company, kind, body, include=include)
    else:
        record = writing.create(company, kind, body, include=include)
    return {kind: shown(company, kind, record)}


def _shouted(value: Any, name: str = "") -> Any:
    # Void answers spell enumerations in the old way: NEED_TO_PRINT, SALES_ITEM_LINE_DETAIL (section 2.4).
    if isinstance(value, dict):
        return {key: _shouted(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_shouted(row, name) for row in value]
    if name in ("PrintStatus", "EmailStatus", "DetailType") and isinstance(value, str):
        words = "".join(f"_{letter}" if letter.isupper() else letter for letter in value).lstrip("_")
        return words.upper()
    return value


def _query_get(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    return {"QueryResponse": run_query(company, request.one("query"))}


def _query_post(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    text = request.body.decode("utf-8", "replace")
    if "json" in request.content_type and text.lstrip().startswith("{"):
        text = str(body_of(request).get("query", ""))
    elif request.content_type.startswith("application/x-www-form-urlencoded") and "query" in request.form():
        text = request.form()["query"]
    return {"QueryResponse": run_query(company, text or request.one("query"))}


def _batch(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    items = check_batch(body_of(request), request_id=request.one("requestid"))
    return {"BatchItemResponse": [run_item(company, item) for item in items]}


def _cdc(company: Company, request: Request, rest: list[str]) -> Obj:
    del rest
    return {"CDCResponse": [changed_since(company, request.one("entities"), request.one("changedSince"))]}


def _report(company: Company, request: Request, rest: list[str]) -> Obj:
    params = {name: values[0] for name, values in request.query.items()}
    return report(company, rest[1] if len(rest) > 1 else "", params)


def _tax_service(company: Company, request: Request, rest: list[str]) -> Obj:
    if rest[1:] != ["taxcode"]:
        raise Fault("500", f"Unsupported Operation : /{'/'.join(rest)} is not supported.")
    return create_tax_code(company, body_of(request))


_SPECIAL: dict[tuple[str, str], Callable[[Company, Request, list[str]], Obj]] = {
    ("GET", "query"): _query_get,
    ("POST", "query"): _query_post,
    ("POST", "batch"): _batch,
    ("GET", "cdc"): _cdc,
    ("GET", "reports"): _report,
    ("POST", "taxservice"): _tax_service,
}
