"""Pages: customers, jobs and vendors."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import attrs
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Customer, Job, Record, Vendor
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.pages import forms, here
from blueops_qb.sandbox.core.pages.listing import active, page
from blueops_qb.sandbox.core.prepaid import credit_left
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.core.work import Refused

pages = Blueprint("contacts", __name__)
R = TypeVar("R", bound=Record)
Shown = str | tuple[str, int] | Response


def found(type_: type[R], kind: RecordKind, id: str) -> R:
    """The record of a page; 404 where it is not or no more."""
    with here.core().engine.connect() as connection:
        row = rows.read(connection, here.member().tenant_id, RecordRef(kind, id))
    if row is None or row.gone or not isinstance(row.record, type_):
        abort(404)
    return row.record


# -- customers -------------------------------------------------------------------------------------
@pages.get("/customers")
def customers() -> str:
    """The list."""
    return page(RecordKind.CUSTOMER, "Customers", new=url_for(".new_customer"))


@pages.route("/customers/new", methods=["GET", "POST"])
@here.editors
def new_customer() -> Shown:
    """Enter one."""
    return _customer(Customer(id="", name="", currency=_currency()))


@pages.route("/customers/<id>", methods=["GET", "POST"])
def customer(id: str) -> Shown:
    """See or change one."""
    return _customer(found(Customer, RecordKind.CUSTOMER, id))


def _customer(record: Customer) -> Shown:
    def changed() -> Customer:
        form = request.form
        site = forms.address(form, "site")
        names = (
            "name",
            "company",
            "given_name",
            "family_name",
            "email",
            "phone",
            "mobile",
            "segment",
            "terms",
        )
        fields: dict[str, Any] = {name: forms.text(form, name) for name in names}
        return attrs.evolve(
            record,
            **fields,
            billing=forms.address(form, "billing"),
            sites=((site,) if site else ()) + record.sites[1:],
            active=form.get("active", "yes") == "yes",
        )

    return _edit(record, changed, Transaction.create_customer, Transaction.update_customer, "customer.html")


# -- jobs ------------------------------------------------------------------------------------------
@pages.get("/jobs")
def jobs() -> str:
    """The list."""
    return page(RecordKind.JOB, "Jobs", new=url_for(".new_job"))


@pages.route("/jobs/new", methods=["GET", "POST"])
@here.editors
def new_job() -> Shown:
    """Open one."""
    return _job(Job(id="", customer_id=request.args.get("customer", ""), name=""))


@pages.route("/jobs/<id>", methods=["GET", "POST"])
def job(id: str) -> Shown:
    """See or change one."""
    return _job(found(Job, RecordKind.JOB, id))


def _job(record: Job) -> Shown:
    def changed() -> Job:
        form = request.form
        names = ("customer_id", "name", "job_type", "segment", "branch", "class_key")
        fields: dict[str, Any] = {name: forms.text(form, name) for name in names}
        return attrs.evolve(record, **fields, site=forms.address(form, "site"))

    return _edit(record, changed, Transaction.create_job, Transaction.update_job, "job.html")


# -- vendors ---------------------------------------------------------------------------------------
@pages.get("/vendors")
def vendors() -> str:
    """The list."""
    return page(RecordKind.VENDOR, "Vendors", new=url_for(".new_vendor"))


@pages.route("/vendors/new", methods=["GET", "POST"])
@here.editors
def new_vendor() -> Shown:
    """Enter one."""
    return _vendor(Vendor(id="", name="", currency=_currency()))


@pages.route("/vendors/<id>", methods=["GET", "POST"])
def vendor(id: str) -> Shown:
    """See or change one."""
    return _vendor(found(Vendor, RecordKind.VENDOR, id))


def _vendor(record: Vendor) -> Shown:
    def changed() -> Vendor:
        form = request.form
        names = ("name", "company", "email", "phone", "account_number", "vendor_type", "terms")
        fields: dict[str, Any] = {name: forms.text(form, name) for name in names}
        return attrs.evolve(
            record,
            **fields,
            address=forms.address(form, "address"),
            is_1099=form.get("is_1099") == "yes",
            active=form.get("active", "yes") == "yes",
        )

    return _edit(record, changed, Transaction.create_vendor, Transaction.update_vendor, "vendor.html")


# -- acts on all three -----------------------------------------------------------------------------
@pages.post("/<any(customers, jobs, vendors):plural>/<id>/<any(merge, delete, close, cancel):act>")
@here.editors
def act(plural: str, id: str, act: str) -> Response:
    """Merge into another, delete, close, cancel."""
    kind = RecordKind(plural.removesuffix("s"))
    other = forms.text(request.form, "into")
    acts: dict[tuple[str, str], Callable[[Transaction], object]] = {
        ("customers", "merge"): lambda tx: tx.merge_customers(id, other),
        ("customers", "delete"): lambda tx: tx.delete_customer(id),
        ("jobs", "merge"): lambda tx: tx.merge_jobs(id, other),
        ("jobs", "delete"): lambda tx: tx.delete_job(id),
        ("jobs", "close"): lambda tx: tx.close_job(id),
        ("jobs", "cancel"): lambda tx: tx.cancel_job(id, reason=forms.text(request.form, "reason")),
        ("vendors", "merge"): lambda tx: tx.merge_vendors(id, other),
        ("vendors", "delete"): lambda tx: tx.delete_vendor(id),
    }
    if (plural, act) not in acts:
        abort(404)
    try:
        with here.changing() as tx:
            acts[plural, act](tx)
    except Refused as refused:
        here.refuse(refused.why)
        return redirect(here.place(kind, id), code=303)
    here.done("Done.")
    return redirect(here.place(kind), code=303)


def _edit(
    record: R,
    changed: Callable[[], R],
    create: Callable[[Transaction, R], R],
    update: Callable[[Transaction, R], R],
    template: str,
) -> Shown:
    """One page for seeing, entering and changing: what was typed stays when it is refused."""
    status = 200
    if request.method == "POST":
        if not here.may_edit():
            abort(403)
        try:
            record = changed()
            with here.changing() as tx:
                saved = (update if record.id else create)(tx, record)
        except Refused as refused:
            here.refuse(refused.why)
            status = 422
        else:
            here.done(f"Saved as {saved.ref.kind.value} {saved.id}.")
            return redirect(here.place(saved.ref.kind, saved.id), code=303)
    customers = active(RecordKind.CUSTOMER) if isinstance(record, Job) else []
    shown = {"record": record, "customers": customers, "credit": _credit(record)}
    return render_template(template, **shown, **here.options()), status


def _credit(record: Record) -> Decimal:
    """What a customer has to his credit; nothing for others."""
    if not isinstance(record, Customer) or not record.id:
        return ZERO
    with here.core().engine.connect() as connection:
        return credit_left(connection, here.member().tenant_id, record.id)


def _currency() -> str:
    return here.core().tenant(here.member().tenant_id).currency
