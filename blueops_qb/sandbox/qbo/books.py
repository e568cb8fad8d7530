"""Pages on which a person plays the bookkeeper: customers, open invoices, a mailed check, trial balance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo import people, reports
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.http import Request, Response, html_response, redirect
from blueops_qb.sandbox.qbo.pages import render, stylesheet
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.wire import Obj, money, ref_id

_ADDRESS = ("Line1", "City", "CountrySubDivisionCode", "PostalCode")


class Books:
    """Answers the paths under /books; plain HTML, no script."""

    def __init__(self, companies: dict[str, Company]) -> None:
        self.companies = companies
        self._pages: dict[str, Callable[[Request, Company], Response]] = {
            "": self._customers,
            "customers": self._customers,
            "customer": self._customer,
            "invoices": self._invoices,
            "check": self._check,
            "trial-balance": self._trial_balance,
        }
        self._forms: dict[str, Callable[[Request, Company], Response]] = {
            "customer": self._save_customer,
            "check": self._save_check,
        }

    def answer(self, request: Request) -> Response:
        """Answer one page or form."""
        name = request.path.removeprefix("/books").strip("/")
        if name == "books.css":
            return Response(body=stylesheet(), content_type="text/css; charset=utf-8")
        table = self._forms if request.method == "POST" else self._pages
        handler = table.get(name)
        if handler is None:
            return html_response("<h1>No such page</h1>", status=404)
        realm = request.one("realm") or next(iter(self.companies))
        company = self.companies.get(realm)
        if company is None:
            return html_response("<h1>No such company</h1>", status=404)
        with company.lock:
            return handler(request, company)

    def _customers(self, request: Request, company: Company) -> Response:
        tops = [record for record in company.all("Customer") if not ref_id(record, "ParentRef")]
        rows: list[tuple[Obj, int]] = []
        for record in sorted(tops, key=lambda r: str(r["DisplayName"]).casefold()):
            rows += _with_jobs(company, record, 0)
        total = sum((money(record.get("Balance")) for record in company.all("Customer")), ZERO)
        return _page(request, company, "customers.html", rows=rows, total=total)

    def _customer(self, request: Request, company: Company) -> Response:
        record = company.find("Customer", request.one("id"))
        if record is None:
            return html_response("<h1>No such customer</h1>", status=404)
        return _page(request, company, "customer.html", customer=shown(company, "Customer", record))

    def _save_customer(self, request: Request, company: Company) -> Response:
        form = request.form()
        identity = form.get("id", "")
        changes: Obj = {"DisplayName": form.get("name", "")}
        if form.get("phone"):
            changes["PrimaryPhone"] = {"FreeFormNumber": form["phone"]}
        if form.get("email"):
            changes["PrimaryEmailAddr"] = {"Address": form["email"]}
        record = company.find("Customer", identity) or {}
        place = {**record.get("BillAddr", {}), **{name: form[name] for name in _ADDRESS if name in form}}
        if any(place.values()):
            changes["BillAddr"] = {name: value for name, value in place.items() if value}
        try:
            record = people.edit(company, kind="Customer", id=identity, changes=changes)
        except Fault as fault:
            return _back(request, company, "customer", id=identity, wrong=fault.detail)
        return _back(request, company, "customer", id=identity, done=f"Saved {record['DisplayName']}.")

    def _invoices(self, request: Request, company: Company) -> Response:
        today = company.clock.today()
        rows = [
            (shown(company, "Invoice", record), date.fromisoformat(record["DueDate"]) < today)
            for record in _open_invoices(company)
        ]
        total = sum((row["Balance"] for row, _ in rows), ZERO)
        return _page(request, company, "invoices.html", rows=rows, total=total)

    def _check(self, request: Request, company: Company) -> Response:
        customers = sorted(
            {ref_id(record, "CustomerRef") for record in _open_invoices(company)},
            key=lambda identity: str(company.records["Customer"][identity]["FullyQualifiedName"]).casefold(),
        )
        chosen = request.one("customer")
        return _page(
            request,
            company,
            "check.html",
            customers=[company.records["Customer"][identity] for identity in customers],
            chosen=chosen,
            invoices=[r for r in _open_invoices(company) if ref_id(r, "CustomerRef") == chosen],
            today=company.clock.today().isoformat(),
        )

    def _save_check(self, request: Request, company: Company) -> Response:
        form = request.form()
        customer = form.get("customer", "")
        amounts = {
            name.removeprefix("invoice-"): value.strip().replace(",", "")
            for name, value in form.items()
            if name.startswith("invoice-") and value.strip()
        }
        try:
            total = form.get("total", "").strip().replace(",", "")
            if not total and not any(Decimal(amount) for amount in amounts.values()):
                raise InvalidOperation
            payment = people.receive_payment(
                company,
                customer=customer,
                invoices=amounts,
                total=total or None,
                number=form.get("number", "").strip(),
                day=form.get("day", ""),
            )
        except InvalidOperation:
            wrong = "Enter the amount of the check, as in 120.50."
            return _back(request, company, "check", customer=customer, wrong=wrong)
        except Fault as fault:
            return _back(request, company, "check", customer=customer, wrong=fault.detail)
        done = f"Recorded a check of {payment['TotalAmt']:,.2f} as payment {payment['Id']}."
        return _back(request, company, "invoices", done=done)

    def _trial_balance(self, request: Request, company: Company) -> Response:
        rows = reports.closing_balances(company, until=company.clock.today())
        debits = sum((amount for _, amount in rows if amount > 0), ZERO)
        credits = -sum((amount for _, amount in rows if amount < 0), ZERO)
        return _page(request, company, "trial_balance.html", rows=rows, debits=debits, credits=credits)


def _with_jobs(company: Company, record: Obj, depth: int) -> list[tuple[Obj, int]]:
    rows = [(record, depth)]
    for child in sorted(company.children.get(("Customer", record["Id"]), ()), key=int):
        rows += _with_jobs(company, company.records["Customer"][child], depth + 1)
    return rows


def _open_invoices(company: Company) -> list[Obj]:
    invoices = [record for record in company.all("Invoice") if record["Balance"]]
    return sorted(invoices, key=lambda record: (record["DueDate"], int(record["Id"])))


def _page(request: Request, company: Company, template: str, **values: object) -> Response:
    text = render(
        template,
        base=request.base_url,
        company=company.info["CompanyName"],
        realm=company.realm,
        done=request.one("done"),
        wrong=request.one("wrong"),
        **values,
    )
    return html_response(text)


def _back(request: Request, company: Company, page: str, **values: str) -> Response:
    # See other: a reload of the page that follows records nothing twice.
    query = urlencode({"realm": company.realm, **values})
    return redirect(f"{request.base_url}/books/{page}?{query}", status=303)
