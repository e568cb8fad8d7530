"""`blueops-qb template`: what a trade keeps in its books, what of it is there, and creating the rest once approved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from blueops_qb.cli.opening import Opened, common, json_option, opened, show
from blueops_qb.domain.refs import BooksRef
from blueops_qb.domain.template import AccountRow, ItemRow, Template
from blueops_qb.domain.template_match import KINDS, Decision, Planned, Step
from blueops_qb.domain.template_read import BadTemplate
from blueops_qb.engine import look, template_files, template_proposals, template_steps
from blueops_qb.engine.suggest import label_of
from blueops_qb.engine.template_proposals import CannotApply, Proposal
from blueops_qb.engine.template_steps import Progress
from blueops_qb.engine.turn import Turn
from blueops_qb.runners.carry import Carrier

industry_argument = click.argument("industry", metavar="INDUSTRY")
with_option = click.option(
    "--with", "options", multiple=True, metavar="OPTION", help="Rows of this option too; may be given again."
)
#: How the steps read in a list.
_WORDS = {Step.USE: "there", Step.CREATE: "create", Step.ASK: "ask", Step.LEAVE: "leave out"}


@click.group()
def template() -> None:
    """Accounts, items, classes and mapping rows of a trade: look at them, compare, create what is missing."""


def _load(name: str, options: Sequence[str]) -> Template:
    try:
        return template_files.load(name).with_options(options)
    except BadTemplate as problem:
        raise click.ClickException(str(problem)) from problem
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem


@template.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the trades, with their options."""
    found = [template_files.load(name) for name in template_files.INDUSTRIES]
    value = [
        {
            "industry": one.name,
            "title": one.title,
            "with": list(one.chosen),
            "options": {option.name: option.title for option in one.options},
        }
        for one in found
    ]
    lines = [f"{one.name:<20} {one.title}; options: {_options(one)}" for one in found]
    show(value, as_json=as_json, text="\n".join(lines))


def _options(one: Template) -> str:
    return ", ".join(f"{option.name}{' (chosen)' * (option.name in one.chosen)}" for option in one.options)


@template.command("show")
@industry_argument
@with_option
@json_option
def show_(industry: str, options: tuple[str, ...], as_json: bool) -> None:
    """Show the rows of a trade's template, or of an own file given by its path."""
    found = _load(industry, options)
    value = {
        "industry": found.name,
        "title": found.title,
        "with": list(found.chosen),
        "accounts": [
            {"number": row.number, "name": row.name, "type": row.type.value, "detail": row.detail}
            for row in found.accounts
        ],
        "items": [
            {"name": row.name, "kind": row.kind.value, "income": row.income, "cost": row.cost}
            for row in found.items
        ],
        "classes": [row.name for row in found.classes],
        "mapping": [
            {"family": row.family.value, "key": row.key, "leads_to": row.account or row.item or row.class_}
            for row in found.mappings
        ],
    }
    show(value, as_json=as_json, text="\n".join(_shown(found)))


def _shown(found: Template) -> Iterator[str]:
    yield f"{found.title} ({found.name})"
    for account in found.accounts:
        yield f"  {account.number:<8} {account.name:<44} {account.type.value}, {account.detail}"
    for item in found.items:
        yield f"  item     {item.name:<44} {item.kind.value}: {_sides(item)}"
    for one in found.classes:
        yield f"  class    {one.name}"
    for row in found.mappings:
        yield f"  map      {row.label:<44} -> {row.account or row.item or row.class_}"


def _sides(item: ItemRow) -> str:
    return " ".join(
        f"{word} {number}" for word, number in (("income", item.income), ("cost", item.cost)) if number
    )


@template.command()
@industry_argument
@with_option
@json_option
@common
def plan(
    db_url: str | None, tenant_id: str | None, industry: str, options: tuple[str, ...], as_json: bool
) -> None:
    """Compare a template with the books: what is there, what would be created, what asks. Writes nothing."""
    wanted = _load(industry, options)
    with opened(db_url, tenant_id) as house:
        house.connection_row()
        try:
            with look.looking(house.engine, house.tenant_id) as turn:
                found = template_proposals.look(turn, wanted)
                value, text = _value(turn, found), "\n".join(_planned(turn, found))
        except CannotApply as problem:
            raise click.ClickException(str(problem)) from problem
    show(value, as_json=as_json, text=text)


@template.command()
@industry_argument
@with_option
@click.option(
    "--point", multiple=True, metavar="ROW=ID", help="The row is the entry of the books with this id."
)
@click.option("--leave-out", multiple=True, metavar="ROW", help="Leave the row out.")
@click.option("--create", multiple=True, metavar="ROW", help="Create the row although something is alike.")
@click.option("--leave-asking", is_flag=True, help="Leave out every row that asks.")
@json_option
@common
def apply(
    db_url: str | None,
    tenant_id: str | None,
    industry: str,
    options: tuple[str, ...],
    point: tuple[str, ...],
    leave_out: tuple[str, ...],
    create: tuple[str, ...],
    leave_asking: bool,
    as_json: bool,
) -> None:
    """Approve a template and carry what it creates: entries of the lists first, then the mapping. Exit 1 on questions.

    ROW is written as the plan shows it, such as "account 1050" or "item Repair".
    """
    wanted = _load(industry, options)
    decided = _decisions(point, leave_out, create, wanted)
    with opened(db_url, tenant_id) as house:
        house.connection_row()
        try:
            with house.turn() as turn:
                _approve(turn, wanted, decided, leave_asking=leave_asking)
        except CannotApply as problem:
            raise click.ClickException(f"Nothing was approved: {problem}.") from problem
        carried = _carry(house)
        with house.turn() as turn:
            found = template_steps.progress(turn)
    assert found is not None
    show(_progress(found), as_json=as_json, text="\n".join(_told(found, carried)))


def _approve(turn: Turn, wanted: Template, decided: dict[str, Decision], *, leave_asking: bool) -> None:
    proposal = template_proposals.propose(turn, wanted, actor="command line")
    if decided:
        proposal = template_proposals.decide(turn, proposal, decided, actor="command line")
    if leave_asking and proposal.asking:
        left = {row.key: Decision(step=Step.LEAVE) for row in proposal.asking}
        proposal = template_proposals.decide(turn, proposal, left, actor="command line")
    template_steps.approve(turn, proposal.id, approved=proposal.digest, actor="command line")


def _decisions(
    point: Sequence[str], leave_out: Sequence[str], create: Sequence[str], wanted: Template
) -> dict[str, Decision]:
    kinds = {row.key: KINDS[type(row)] for row in wanted.rows}
    found = {row: Decision(step=Step.LEAVE) for row in leave_out}
    found |= {row: Decision(step=Step.CREATE) for row in create}
    for text in point:
        row, mark, id = text.rpartition("=")
        if not mark or row not in kinds:
            raise click.UsageError(
                f"--point {text}: write a row of the plan and an id, as in “account 1000=35”."
            )
        found[row] = Decision(step=Step.USE, ref=BooksRef(kinds[row], id))
    return found


def _carry(house: Opened) -> int:
    """Where the books are called, what is due goes now; books that call fetch it at their next visit."""
    id = house.connection_row()["id"]
    carrier = Carrier(house.engine)
    try:
        return carrier.drain(id, patiently=True)
    finally:
        carrier.close()


# -- words ---------------------------------------------------------------------------------------------
def _planned(turn: Turn, found: Proposal) -> Iterator[str]:
    counts = ", ".join(f"{len(found.of(step))} {_WORDS[step]}" for step in Step if found.of(step))
    yield f"{found.template.title}: {counts}; {len(found.rules.rules)} mapping rows would be written"
    for step in (Step.ASK, Step.CREATE, Step.USE, Step.LEAVE):
        for row in found.of(step):
            place = f" -> {label_of(turn.catalog, row.ref)}" if row.ref is not None else ""
            yield f"  {_WORDS[step]:<10} {_label(row):<52}{place}  ({row.why})"
            for ref in row.candidates:
                yield f"             or --point '{row.key}={ref.id}' for {label_of(turn.catalog, ref)}"
    for family, key, scope in found.rules.kept:
        yield f"  mapped     {family.value} {key}{' for ' * bool(scope)}{scope} stays as it is mapped now"
    for label, lacks in found.rules.left_out:
        yield f"  unmapped   {label}, without {lacks}"


def _label(row: Planned) -> str:
    return f"{row.key} {row.row.name}" if isinstance(row.row, AccountRow) else row.key


def _value(turn: Turn, found: Proposal) -> dict[str, Any]:
    return {
        "industry": found.template.name,
        "with": list(found.template.chosen),
        "rows": [
            {
                "row": row.key,
                "name": row.row.name,
                "step": row.step.value,
                "is": str(row.ref) if row.ref is not None else None,
                "candidates": {str(ref): label_of(turn.catalog, ref) for ref in row.candidates},
                "why": row.why,
            }
            for row in found.rows
        ],
        "mapping": [f"{rule.family.value} {rule.key}" for rule in found.rules.rules],
        "kept": [f"{family.value} {key}" for family, key, _ in found.rules.kept],
        "unmapped": [{"key": label, "lacks": lacks} for label, lacks in found.rules.left_out],
    }


def _progress(found: Progress) -> dict[str, Any]:
    return {
        "industry": found.name,
        "state": found.state,
        "used": found.used,
        "entries": [{"row": key, "state": state, "said": said} for key, state, said in found.entries],
        "mapping_version": found.mapping_version,
        "reason": found.reason,
    }


def _told(found: Progress, carried: int) -> Iterator[str]:
    done = [key for key, state, _ in found.entries if state == "done"]
    yield f"{found.used} rows are in the books already, {len(done)} of {len(found.entries)} were created"
    for key, state, said in found.entries:
        if state != "done":
            yield f"  {key}: {state}{': ' * bool(said)}{said}"
    if found.state == "done":
        yield f"the mapping is at version {found.mapping_version} now"
    elif found.reason:
        yield f"the mapping is not written yet: {found.reason}"
    else:
        yield "the rest follows by itself" + (
            "" if carried else ", at the next visit of the Web Connector or worker"
        )
