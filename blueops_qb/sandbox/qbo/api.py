"""The v3 Accounting API: who may call, how often, and that a repeated requestid acts once (sections 1.7, 2, 9)."""

from __future__ import annotations

import secrets
import time

from blueops_qb.sandbox.qbo.clock import fine_stamp
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import THROTTLED_XML, Fault, bad_token
from blueops_qb.sandbox.qbo.http import JSON_TYPE, Request, Response, json_response
from blueops_qb.sandbox.qbo.oauth import Tokens
from blueops_qb.sandbox.qbo.routes import routed
from blueops_qb.sandbox.qbo.throttle import Throttle
from blueops_qb.sandbox.qbo.weather import Stats, Weather
from blueops_qb.sandbox.qbo.xml_form import in_xml

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
        """Answer one call under /v3/company, in JSON when the client asked for it, else in XML."""
        segments = request.path.strip("/").split("/")[2:]
        tid = f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
        if request.method in ("HEAD", "OPTIONS"):
            response = Response(status=405, content_type="text/plain", headers=[("Allow", "GET, POST")])
        else:
            response = self._guarded(request, segments)
        if response.content_type == JSON_TYPE and not request.wants_json:
            response = in_xml(response)
        response.headers += [("intuit_tid", tid), ("QBO-Version", "1990.999")]
        self._count(request, segments, response, tid)
        return response

    def _guarded(self, request: Request, segments: list[str]) -> Response:
        scheme, _, token = request.authorization.partition(" ")
        bearer = scheme.lower() == "bearer"
        opened = self.tokens.opened_by(token.strip()) if bearer else None
        if opened is None:
            return self._unknown_caller(token.strip(), bearer=bearer)
        company = self.companies.get(segments[0]) if segments else None
        if company is None or opened.realm != company.realm or not opened.accounting:
            return self._refused(Fault("3100", "The token was not issued for this company and scope."))
        if company.hidden.locked_out:
            return self._refused(Fault("120", "-11014-You do not have access to this company any more."))
        if not self.throttle.admits(opened.realm, app=opened.client_id, batch=segments[1:2] == ["batch"]):
            return self.throttled()
        return self._replayed(company, request, segments[1:])

    def _unknown_caller(self, token: str, *, bearer: bool) -> Response:
        code = "3202" if bearer and not token else "3200"
        detail = {True: "Token expired", False: "Token missing"}[bool(token)]
        return json_response(bad_token(detail, int(time.time() * 1000), code=code), status=401)

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
            company.served_at = request.base_url
            response = self._dispatched(company, request, rest)
            if key and response.status < 429 and response.content_type == JSON_TYPE:
                company.remember(key, response.status, response.body)
            return response

    def _dispatched(self, company: Company, request: Request, rest: list[str]) -> Response:
        try:
            answered = routed(company, request, rest)
        except Fault as fault:
            return self._refused(fault, company)
        if isinstance(answered, Response):
            return answered
        return json_response({**answered, "time": fine_stamp(company.clock.now())})

    def _refused(self, fault: Fault, company: Company | None = None) -> Response:
        self.stats.faults[fault.code] += 1
        clock = company.clock if company else self.tokens.clock
        body = fault.body()
        if self.weather.padded_codes and body["type"] == "SERVICE":
            body["Error"][0]["code"] = fault.code.zfill(6)
        return json_response({"Fault": body, "time": fine_stamp(clock.now())}, status=fault.status)

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
