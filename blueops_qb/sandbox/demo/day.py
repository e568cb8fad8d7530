"""The day: what happens at the plumbing company, step by step, on both sides."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.records import Address, Customer, Invoice, Job, Payment
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import by_hand, census, matching, rules_desk
from blueops_qb.engine.outbox import State
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.demo.chart import FORGOTTEN, rules_for
from blueops_qb.sandbox.demo.house import TENANT, DemoHouse
from blueops_qb.sandbox.demo.office import Office

ADMIN = f"{TENANT}-admin"
#: How a step is told while it happens.
Tell = Callable[[str], None]

BAKERY = ("Copper Kettle Cafe", "Copper-Kettle Cafe")


class Day:
    """One day; `play` goes through it. `before` is called once the books' own records are in."""

    def __init__(self, house: DemoHouse, *, seed: int, tell: Tell) -> None:
        self._house = house
        self._tell = tell
        self._books = house.theirs
        self._office = Office(house.core, TENANT, random.Random(seed))
        #: Ids in the books of the customers that the bookkeeper entered.
        self._theirs: dict[str, str] = {}
        self._customers: dict[str, Customer] = {}
        self._jobs: dict[str, Job] = {}
        self._invoices: dict[str, Invoice] = {}

    def play(self) -> None:
        """The whole day; raises DemoStuck, PageFailed or NotDone where it does not go on."""
        self.connect()
        self.match()
        self.map()
        self.invoice_and_be_paid()
        self.buy()
        self.overlap()
        self.find_the_forgotten()
        self.mailed_check()
        self.bank()
        self._house.settle("everything to arrive")

    # -- before the day ----------------------------------------------------------------------------
    def open_the_books(self) -> None:
        """What the bookkeeper has in QuickBooks before anybody thinks of BlueOps."""
        books = self._books
        books.prepare()
        for name, email, phone, street in (
            ("Harbor View Apartments", "office@harborview.example.com", "(775) 555-0140", "12 Quay Rd"),
            ("Delgado, Rosa", "rosa.delgado@example.com", "(775) 555-0171", "8 Alder St"),
            (BAKERY[0], "", "", "77 Basin Rd"),
            (BAKERY[1], "", "", "77 Basin Rd"),
        ):
            self._theirs[name] = books.enter_customer(name, email=email, phone=phone, street=street)
        books.enter_vendor("Copper & Main Supply", phone="(775) 555-0190", street="3 Depot St")

    def open_the_office(self) -> None:
        """What BlueOps has on the morning of the day."""
        office = self._office
        for key, name, email, phone, street in (
            (
                "harbor",
                "Harbor View Apartments",
                "office@harborview.example.com",
                "775-555-0140",
                "12 Quay Rd",
            ),
            ("rosa", "Rosa Delgado", "rosa.delgado@example.com", "775-555-0171", "8 Alder St"),
            ("bakery", BAKERY[0], "", "", "77 Basin Rd"),
            ("ada", "Ada Hill", "ada.hill@example.com", "+1 775 555 2671", "1 Pump St"),
            ("dental", "Marlow Dental Group", "billing@marlow.example.com", "775 555 3380", "52 Mill St"),
        ):
            self._customers[key] = office.customer(name, email=email, phone=phone, street=street)
        customers = self._customers
        self._jobs = {
            "kitchen": office.job(
                customers["ada"], "Kitchen repipe", street="1 Pump St", class_key="service"
            ),
            "boiler": office.job(
                customers["harbor"], "Boiler room", street="12 Quay Rd", class_key="install", branch="south"
            ),
            "roughin": office.job(
                customers["dental"], "Operatory rough-in", street="52 Mill St", class_key="install"
            ),
        }
        self._supplier = office.vendor("Copper & Main Supply", street="3 Depot St", phone="775-555-0190")
        self._drywall = office.vendor("Ortega Drywall", street="9 Cedar Ave", is_1099=True)
        self._tell(
            f"BlueOps has {len(customers)} customers, {len(self._jobs)} jobs and 2 vendors;"
            " some of them QuickBooks knows already"
        )

    # -- the morning: setting up -------------------------------------------------------------------
    def connect(self) -> None:
        """The administrator connects the company."""
        how = self._books.connect(self._house.base_url)
        self._house.until("the company and its lists to be read", self._is_listed)
        with self._house.turn() as turn:
            name = turn.profile.company_name
        self._tell(f"connected to {name} {how}; lists, customers and vendors are read")

    def _is_listed(self) -> bool:
        try:
            with self._house.turn() as turn:
                matching.build(turn)
                return bool(turn.row["profile_json"])
        except matching.NotListed:
            return False

    def match(self) -> None:
        """Who is who: what is clear is proposed, what is doubtful a person decides, then it is approved."""
        with self._house.turn() as turn:
            rows = matching.rows(turn.connection, turn.id)
            counts = {
                bucket: [r.name for r in rows if r.bucket == bucket] for bucket in (r.bucket for r in rows)
            }
            for row in (row for row in rows if row.decision == "open"):
                self._tell(f"  {row.name}: {row.reason} The office chooses {BAKERY[0]}")
                by_hand.match(turn, row.ref, "link", books_id=self._theirs[BAKERY[0]], actor=ADMIN)
            linked = matching.approve(turn, actor=ADMIN)
        told = ", ".join(f"{len(names)} {bucket}" for bucket, names in sorted(counts.items()))
        self._tell(f"match plan: {told}; approved, {linked} linked")

    def map(self) -> None:
        """Where everything goes; one fee is forgotten."""
        with self._house.turn() as turn:
            table = self._books.rules
            keys = [key for key in table if key != FORGOTTEN]
            rules_desk.change_mapping(turn, rules_for(turn.catalog, keys, table=table), actor=ADMIN)
        self._house.settle("the new customers, jobs and vendors to be in the books")
        # QuickBooks kept the name the other way round; the bookkeeper writes it as BlueOps does.
        self._books.rename(self._theirs["Delgado, Rosa"], "Rosa Delgado")
        self._tell(f"{len(keys)} keys are mapped to items, accounts, classes, locations and terms")

    # -- sales -------------------------------------------------------------------------------------
    def invoice_and_be_paid(self) -> None:
        """Invoices of all sorts go out; one is corrected, one voided; customers pay."""
        office, made = self._office, self._invoices
        made["kitchen"] = office.invoice(self._kitchen())
        made["boiler"] = office.invoice(self._boiler())
        made["valve"] = office.invoice(
            self._draft(
                "harbor", "boiler", [office.material("general", "Relief valve", "86.00", taxable=False)]
            )
        )
        made["drain"] = office.invoice(self._overdue())
        made["cafe"] = office.invoice(
            self._draft(
                "bakery",
                None,
                [
                    office.service("repair", "Espresso line repaired", "125.00", class_key="service"),
                    office.fee("diagnostic", "Leak found with camera", "45.00"),
                ],
            )
        )
        made["dental"] = office.invoice(
            self._draft("dental", "roughin", [office.service("inspection", "Rough-in inspected", "95.00")])
        )
        made["twice"] = office.invoice(attrs.evolve(draft_of(made["dental"]), number=""))
        self._tell(f"{len(made)} invoices raised, {_sum(made.values())} in all")
        self._house.settle("the invoices to be in the books")
        draft = draft_of(made["dental"])
        mixer = office.material("fixtures", "Basin mixer", "180.00", taxable=False)
        made["dental"] = office.corrected(made["dental"], attrs.evolve(draft, lines=[*draft.lines, mixer]))
        made["twice"] = office.voided(made["twice"], "raised twice by mistake")
        self._card = office.card_payment(made["kitchen"], "ch_3Qf81")
        self._check = office.check_payment([made["boiler"], made["valve"]], "2207")
        self._tell(
            f"one invoice corrected, one voided; online card payment of {self._card.amount},"
            f" one check of {self._check.amount} over two invoices"
        )
        self._house.settle("the payments to be in the books")

    def _kitchen(self) -> InvoiceDraft:
        """Services, taxed materials with a whole-line discount, tax, class and location."""
        office = self._office
        lines = [
            office.service("repair", "Kitchen supply lines replaced", "129.00"),
            office.material("pipe_fittings", "PEX pipe and fittings", "18.95", discount="10"),
            office.material("fixtures", "Angle stop", "24.50", class_key="maintenance"),
            office.fee("trip", "Trip fee", "59.00"),
        ]
        return self._draft("ada", "kitchen", lines, tax_key="ca_county")

    def _boiler(self) -> InvoiceDraft:
        """A document discount that is taken before tax."""
        office = self._office
        lines = [
            office.service("install", "Water heater installed", "140.00"),
            office.material("water_heater", "Water heater, 50 gallons", "1150.00"),
        ]
        return self._draft("harbor", "boiler", lines, tax_key="ca_county", discount_percent=Decimal(5))

    def _overdue(self) -> InvoiceDraft:
        issued = self._office.today - dt.timedelta(days=45)
        lines = [self._office.service("drain_cleaning", "Main drain cleared", "180.00", class_key="drain")]
        return self._draft("rosa", None, lines, issue_date=issued, branch="north")

    def _draft(self, customer: str, job: str | None, lines: Sequence[LineDraft], **more: Any) -> InvoiceDraft:
        return InvoiceDraft(
            customer_id=self._customers[customer].id,
            job_id=self._jobs[job].id if job else None,
            lines=lines,
            **{"issue_date": self._office.today, **more},
        )

    # -- costs -------------------------------------------------------------------------------------
    def buy(self) -> None:
        """Material for two jobs on the company card, and a subcontractor's bill."""
        jobs = [self._jobs["kitchen"], self._jobs["boiler"]]
        bought = self._office.card_purchase(self._supplier, jobs, "R-8841")
        billed = self._office.subcontractor_bill(self._drywall, self._jobs["roughin"], "OD-311")
        self._tell(
            f"material over two jobs bought by card for {bought.total}; subcontractor's bill of {billed.total}"
        )

    # -- both sides at once ------------------------------------------------------------------------
    def overlap(self) -> None:
        """The same customer gets a new address in QuickBooks and a new phone in BlueOps."""
        place = Address(line1="99 New St", city="Reno", state="NV", postal_code="89502")
        self._books.move("Ada Hill", place)
        self._office.new_phone(self._customers["ada"].id, "+1 775 555 0000")
        self._house.settle("address and phone to be on both sides")
        self._tell("Ada Hill: address changed in QuickBooks, phone in BlueOps; both sides have both")

    def find_the_forgotten(self) -> None:
        """One invoice is held because a fee is not mapped; mapping it sends it."""
        ref = self._invoices["cafe"].ref
        self._house.until(f"{ref} to be held", lambda: self._state(ref) is State.HELD)
        with self._house.core.engine.connect() as connection:
            line = next(x for _, x in census.lines(connection, TENANT, states=[State.HELD]) if x.ref == ref)
        self._tell(f"held: {line.reason}")
        self._tell(f"  remedy: {line.remedy}")
        with self._house.turn() as turn:
            forgotten = rules_for(turn.catalog, [FORGOTTEN], table=self._books.rules)
            rules_desk.change_mapping(turn, forgotten, actor=ADMIN)
        self._house.until(f"{ref} to be in the books", lambda: self._state(ref) is State.DONE)
        self._tell("  the fee is mapped, the invoice went out by itself")

    def _state(self, ref: RecordRef) -> State | None:
        with self._house.core.engine.connect() as connection:
            found = census.lines(connection, TENANT, kinds=[ref.kind], limit=1000)
        return next((line.state for _, line in found if line.ref == ref), None)

    def mailed_check(self) -> None:
        """An overdue invoice is reminded of; its check arrives at the bookkeeper's; no reminder follows."""
        office, drain = self._office, self._invoices["drain"]
        yesterday = office.today - dt.timedelta(days=1)
        sent = office.send_reminders(yesterday).sent
        self._tell(f"yesterday's reminders: {len(sent)} went out (invoice {drain.number} is overdue)")
        self._books.receive_check(
            invoice=f"{self._books.chart.prefix}{drain.number}",
            amount=drain.total,
            number="4711",
            day=office.today.isoformat(),
        )
        self._house.settle("the mailed check to arrive in BlueOps")
        self._house.until("the invoice to be paid", lambda: office.row(drain.ref).status == "paid")
        later = [office.send_reminders(office.today + dt.timedelta(days=n)) for n in (0, 1)]
        self._tell(
            f"mailed check of {drain.total} recorded in QuickBooks: invoice {drain.number} is paid in BlueOps,"
            f" {sum(len(run.sent) for run in later)} reminders follow"
        )

    def bank(self) -> None:
        """The processor pays out the card payment less his fee; the checks go to the bank."""
        cards = self._office.payout([self._card])
        mailed: list[Payment] = [p for p in self._office.payments() if p.reference == "4711"]
        checks = self._office.payout([self._check, *mailed])
        self._tell(
            f"bank deposits: {cards.net} of the processor after fees of {cards.fees}, {checks.net} in checks"
        )


def _sum(invoices: Iterable[Invoice]) -> Decimal:
    return sum((invoice.total for invoice in invoices), Decimal("0.00"))
