"""The admin API under /twin: switches, planned trouble, clock, people's actions, and what to compare with.

JSON in and out, for tests and the demo only; nothing of the real service is like it.  Every POST takes an
optional ``realm``, default the first company.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.qbo import people, reports, writing
from blueops_qb.sandbox.qbo.clock import Clock, stamp
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.http import Request, Response, json_response
from blueops_qb.sandbox.qbo.oauth import Rotation, Tokens
from blueops_qb.sandbox.qbo.refusals import Refusal
from blueops_qb.sandbox.qbo.throttle import Limits, Throttle
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.weather import Plan, Stats, Trouble, Weather
from blueops_qb.sandbox.qbo.webhooks import Webhooks, hook_of
from blueops_qb.sandbox.qbo.wire import Obj, loads

TAX_MODES = ("off", "manual", "ast")


class Admin:
    """Answers the paths under /twin."""

    def __init__(
        self,
        companies: dict[str, Company],
        *,
        tokens: Tokens,
        throttle: Throttle,
        weather: Weather,
        stats: Stats,
        webhooks: Webhooks,
    ) -> None:
        self.companies, self.tokens = companies, tokens
        self.throttle, self.weather, self.stats = throttle, weather, stats
        self.webhooks = webhooks
        self._reads: dict[str, Callable[[Company], Obj]] = {
            "stats": lambda _: self.stats.shown(),
            "calls": lambda _: {"calls": list(self.stats.recent)},
            "ledger": ledger_lines,
            "dump": dump_records,
            "switches": self._switches,
            "balances": _balances,
            "webhooks": lambda _: self.webhooks.shown(),
        }
        self._actions: dict[str, Callable[[Company, Obj], Obj]] = {
            "stats/reset": self._reset,
            "switches": self._set_switches,
            "faults": self._plan,
            "faults/clear": self._clear,
            "clock": self._clock,
            "day": self._days_pass,
            "tokens/expire": self._expire,
            "tokens/revoke": self._revoke,
            "preferences": set_preferences,
            "tax": _set_tax,
            "closing": _close_books,
            "currency": _set_currency,
            "company": _set_company,
            "do": _do,
            "webhooks": self._set_webhooks,
            "webhooks/flush": self._flush_webhooks,
            "webhooks/replay": self._replay_webhooks,
        }

    def answer(self, request: Request) -> Response:
        """Answer one call."""
        name = request.path.removeprefix("/twin").strip("/")
        try:
            body = loads(request.body) if request.body.strip() else {}
            realm = str(body.get("realm") or request.one("realm") or next(iter(self.companies)))
            company = self.companies[realm]
            if request.method == "GET":
                return json_response(self._reads[name](company))
            done = self._actions[name](company, body)
            with company.lock:  # a switch that wrote no record is a step too, for the log of steps
                return json_response(done)
        except Fault as fault:
            return json_response({"Fault": fault.body()}, status=400)
        except KeyError as error:
            known = sorted({*self._reads, *self._actions})
            return json_response({"error": f"unknown {error}", "paths": known}, status=404)
        except (ValueError, TypeError) as error:
            return json_response({"error": f"/twin/{name}: {error}"}, status=400)

    def _switches(self, company: Company) -> Obj:
        limits = self.throttle.limits
        return {
            "requestid_ignored": self.weather.requestid_ignored,
            "xml_throttle": self.weather.xml_throttle,
            "stale_seconds": company.stale_seconds,
            "padded_codes": self.weather.padded_codes,
            "former_refresh_token_lives": self.tokens.former_lives.total_seconds(),
            "former_refresh_token_revokes": self.tokens.former_revokes,
            "latency_ms": int(self.weather.latency * 1000),
            "limits": [limits.per_minute, limits.per_second, limits.batches_per_minute] if limits else None,
            "rotation": self.tokens.rotation.value,
            "planned": [
                {"trouble": plan.trouble.value, "count": plan.count, "skip": plan.skip, "match": plan.match}
                for plan in self.weather.plans
            ],
        }

    def _set_switches(self, company: Company, body: Obj) -> Obj:
        if "stale_seconds" in body:
            company.lag(float(body["stale_seconds"]), body.get("stale_reads", ["query"]))
        if "padded_codes" in body:
            self.weather.padded_codes = bool(body["padded_codes"])
        if "former_refresh_token_lives" in body:
            self.tokens.former_lives = timedelta(seconds=float(body["former_refresh_token_lives"]))
        if "former_refresh_token_revokes" in body:
            self.tokens.former_revokes = bool(body["former_refresh_token_revokes"])
        if "requestid_ignored" in body:
            self.weather.requestid_ignored = bool(body["requestid_ignored"])
        if "xml_throttle" in body:
            self.weather.xml_throttle = bool(body["xml_throttle"])
        if "latency_ms" in body:
            self.weather.latency = int(body["latency_ms"]) / 1000
        if "limits" in body:
            text = body["limits"]
            self.throttle.limits = None if text is None else Limits.parse(str(text))
        if "rotation" in body:
            self.tokens.rotation = Rotation(body["rotation"])
        return self._switches(company)

    def _set_webhooks(self, company: Company, body: Obj) -> Obj:
        del company
        self.webhooks.configure(hook_of(body, self.webhooks.hook))
        return self.webhooks.shown()

    def _flush_webhooks(self, company: Company, body: Obj) -> Obj:
        del company
        done = self.webhooks.flush(float(body.get("seconds", 10)))
        return {"acknowledged_all": done, **self.webhooks.shown()}

    def _replay_webhooks(self, company: Company, body: Obj) -> Obj:
        del company
        seed = body.get("seed")
        return {"queued": self.webhooks.replay(int(body["count"]), seed=None if seed is None else int(seed))}

    def _plan(self, company: Company, body: Obj) -> Obj:
        plan = Plan(
            trouble=Trouble(body["trouble"]),
            count=int(body.get("count", 1)),
            skip=int(body.get("skip", 0)),
            method=str(body.get("method", "")),
            match=str(body.get("match", "")),
            seconds=float(body.get("seconds", 0)),
            rate=float(body.get("rate", 1)),
            burst=int(body.get("burst", 1)),
            seed=int(body.get("seed", 0)),
            members=tuple(str(name) for name in body.get("members", ())),
            refusal=Refusal.of(body["refusal"]) if "refusal" in body else None,
        )
        self.weather.add(plan)
        return self._switches(company)

    def _clear(self, company: Company, body: Obj) -> Obj:
        del body
        self.weather.clear()
        return self._switches(company)

    def _reset(self, company: Company, body: Obj) -> Obj:
        del company, body
        self.stats.reset()
        return self.stats.shown()

    def _clock(self, company: Company, body: Obj) -> Obj:
        self._move([company.clock], timedelta(seconds=float(body.get("advance_seconds", 0))))
        return {"now": stamp(company.clock.now())}

    def _days_pass(self, company: Company, body: Obj) -> Obj:
        # Every company ages together with the sign-in; what the service forgets after a while is forgotten.
        self._move(
            [each.clock for each in self.companies.values()], timedelta(days=float(body.get("days", 1)))
        )
        for each in self.companies.values():
            each.age_history()
        return {"now": stamp(company.clock.now())}

    def _move(self, clocks: Iterable[Clock], by: timedelta) -> None:
        for clock in {id(each): each for each in (*clocks, self.tokens.clock)}.values():
            clock.advance(by)

    def _expire(self, company: Company, body: Obj) -> Obj:
        del company, body
        self.tokens.expire_access()
        return {}

    def _revoke(self, company: Company, body: Obj) -> Obj:
        del company, body
        self.tokens.revoke_all()
        return {}


def ledger_lines(company: Company) -> Obj:
    """Every ledger line, and the trial balance; amounts as strings, debit positive."""
    with company.lock:
        lines = [
            {
                "txn_type": line.txn.kind,
                "txn_id": line.txn.id,
                "part": line.part,
                "date": line.day.isoformat(),
                "account": line.entry.account,
                "account_number": company.records["Account"][line.entry.account].get("AcctNum", ""),
                "account_name": company.records["Account"][line.entry.account]["FullyQualifiedName"],
                "amount": str(line.entry.amount),
                "customer": line.entry.customer,
                "vendor": line.entry.vendor,
                "employee": line.entry.employee,
                "class": line.entry.class_id,
                "department": line.entry.department,
                "memo": line.entry.memo,
            }
            for line in company.ledger.lines()
        ]
        balance = company.ledger.trial_balance()
    return {
        "lines": lines,
        "debits": str(balance.debits),
        "credits": str(balance.credits),
        "difference": str(balance.difference),
    }


def dump_records(company: Company) -> Obj:
    """Every record as the API would show it, inactive ones included (files without address), and the deleted ids."""
    with company.lock:
        return {
            "realm": company.realm,
            "now": stamp(company.clock.now()),
            "records": {
                kind: [_lasting(shown(company, kind, record)) for record in rows.values()]
                for kind, rows in company.records.items()
            },
            "deleted": {kind: list(rows) for kind, rows in company.stubs.items() if rows},
        }


def _lasting(record: Obj) -> Obj:
    # The address of a file is another one at each look.
    return {name: value for name, value in record.items() if name != "TempDownloadUri"}


def set_preferences(company: Company, body: Obj) -> Obj:
    """Set preferences by dotted path, those included that the API cannot write; null removes one."""
    with company.lock:
        record = dict(company.preferences)
        for path, value in body.items():
            if path == "realm":
                continue
            group, name = path.split(".")
            members = dict(record.get(group, {}))
            if value is None:
                members.pop(name, None)
            else:
                members[name] = value
            record[group] = members
        company.put("Preferences", record)
        company.touch("Preferences", "1")
        return {"Preferences": shown(company, "Preferences", company.preferences)}


def _set_tax(company: Company, body: Obj) -> Obj:
    mode = body["mode"]
    if mode not in TAX_MODES:
        raise ValueError(f"tax mode {mode!r}: expected one of {', '.join(TAX_MODES)}")
    company.hidden.tax_mode = mode
    company.hidden.takes_our_tax = bool(body.get("takes_our_tax", True))
    changes: Obj = {
        "TaxPrefs.UsingSalesTax": mode != "off",
        "TaxPrefs.PartnerTaxEnabled": True if mode == "ast" else None,
    }
    return set_preferences(company, changes)


def _set_currency(company: Company, body: Obj) -> Obj:
    """Switch multicurrency on and set today's rate of a currency; its receivable account comes with it."""
    code, rate = str(body["code"]), Decimal(str(body["rate"]))
    answer = set_preferences(company, {"CurrencyPrefs.MultiCurrencyEnabled": True})
    with company.lock:
        company.hidden.rates[code] = rate
        if not any(row["Code"] == code for row in company.all("CompanyCurrency")):
            writing.create(company, "CompanyCurrency", {"Code": code})
            for name, kind, subtype, more in (
                (f"Accounts Receivable ({code})", "Accounts Receivable", "AccountsReceivable", code),
                ("Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss", ""),
            ):
                number = f"1100-{code[0]}" if more else "7900"
                if any(account.get("AcctNum") == number for account in company.all("Account")):
                    continue
                account = {"Name": name, "AcctNum": number, "AccountType": kind, "AccountSubType": subtype}
                currency = {"CurrencyRef": {"value": more}} if more else {}
                writing.create(company, "Account", {**account, **currency})
    return answer


def _close_books(company: Company, body: Obj) -> Obj:
    day: Any = body["date"]
    if day is not None:
        day = date.fromisoformat(day).isoformat()
    return set_preferences(company, {"AccountingInfoPrefs.BookCloseDate": day})


def _set_company(company: Company, body: Obj) -> Obj:
    allowed = (
        *("lapsed", "locked_out", "plan_lacks", "warn_duplicate_number", "old_enum_spelling", "report_cells"),
        *("closed_period_code", "batch_shuffled", "unreadable", "false_deletes"),
        "latin_only",
    )
    for name, value in body.items():
        if name == "realm":
            continue
        if name not in allowed:
            raise ValueError(f"{name!r}: expected one of {', '.join(allowed)}")
        setattr(company.hidden, name, value)
    return {name: getattr(company.hidden, name) for name in allowed}


def _do(company: Company, body: Obj) -> Obj:
    arguments = {name: value for name, value in body.items() if name not in ("action", "realm")}
    result = people.act(company, str(body["action"]), arguments)
    kind = str(
        body.get("kind") or {"receive_payment": "Payment", "make_deposit": "Deposit"}.get(body["action"])
    )
    known = kind in company.records and str(result.get("Id")) in company.records[kind]
    return {"result": shown(company, kind, result) if known else result}


def _balances(company: Company) -> Obj:
    with company.lock:
        rows = reports.closing_balances(company, until=company.clock.today())
    return {str(account.get("AcctNum") or account["Name"]): str(amount) for account, amount in rows}
