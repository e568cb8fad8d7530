"""The reference names the whole contract: every hook, event field, duty of core, state, provider part, rule."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import get_args

import attrs
import pytest

from blueops_qb.domain import mapping, records, template
from blueops_qb.domain.posting import expenses, rules
from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine import outbox, resolve, template_files
from blueops_qb.engine.suggest import standard_keys
from blueops_qb.providers.qbo.provider import make_provider
from blueops_qb.sdk import capability, core, doors, hooks, outcomes, provider, simple
from tests.doc_pages import (
    fields,
    headings,
    methods,
    section,
    values,
    want_headings,
    want_only_rows,
    want_rows,
)

# --- hooks and events ---


def test_every_hook_has_its_signature_as_a_heading() -> None:
    signatures = list(methods(hooks.Hooks))
    assert len(signatures) > 30
    want_headings("hooks.md", signatures)


def test_no_heading_tells_of_a_hook_that_is_gone() -> None:
    told = [heading for heading in headings("hooks.md") if "(" in heading]
    assert sorted(told) == sorted(methods(hooks.Hooks))


@pytest.mark.parametrize("kind", records.RECORD_TYPES)
def test_every_field_of_a_record_has_a_row(kind: RecordKind) -> None:
    type_ = records.RECORD_TYPES[kind]
    want_rows("events.md", type_.__name__, fields(type_))


@pytest.mark.parametrize(
    ("heading", "type_"), [("Invoice", records.InvoiceLine), ("Expense", records.CostLine)]
)
def test_every_field_of_a_line_has_a_row(heading: str, type_: type[attrs.AttrsInstance]) -> None:
    want_rows("events.md", heading, fields(type_))


def test_events_and_actions_are_told() -> None:
    want_rows("events.md", "Event", fields(hooks.Event))
    want_rows("events.md", "Actions", values(hooks.Action))
    assert f"schema {hooks.SCHEMA}" in section("events.md", "Schema versions")
    invoice = section("events.md", "Invoice")
    assert [k for k in values(records.LineKind) if f"`{k}`" not in invoice] == []


# --- what core must give ---


def test_every_duty_of_core_has_a_heading() -> None:
    duties = [name.replace(", *", ", ") for name in [*methods(core.Core), *methods(core.CoreTransaction)]]
    want_headings("core.md", duties)


def test_every_change_answer_and_permission_has_a_row() -> None:
    want_rows("core.md", "Changes", [change.__name__ for change in get_args(core.Change)])
    want_rows("core.md", "Answers", [answer.__name__ for answer in get_args(core.ApplyAnswer)])
    want_rows("core.md", "Permission", values(core.Permission))


# --- states ---

STATES: Mapping[str, type[enum.StrEnum]] = {
    "Events": outbox.State,
    "Switch": hooks.Switch,
    "Verbs": provider.Verb,
    "Features": capability.Feature,
    "Removals": capability.Removal,
    "Why": outcomes.Why,
}


@pytest.mark.parametrize("heading", STATES)
def test_every_state_has_a_row_and_no_row_is_left_over(heading: str) -> None:
    want_only_rows("states.md", heading, values(STATES[heading]))


def test_every_hold_has_a_row() -> None:
    want_only_rows("states.md", "Holds", values(outbox.Hold))


def test_every_outcome_lane_reply_and_conflict_has_a_row() -> None:
    want_rows("states.md", "Outcomes", [outcome.__name__ for outcome in get_args(outcomes.Outcome)])
    want_only_rows("states.md", "Lanes", [lane.name for lane in provider.Lane])
    want_rows("states.md", "Exchanges", [reply.__name__ for reply in get_args(doors.Reply)])
    want_only_rows("states.md", "Conflicts", resolve.CHOICES)
    text = section("states.md", "Conflicts")
    for cause, choices in resolve.CHOICES.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{cause}`"))
        assert [choice for choice in choices if f"`{choice}`" not in row] == [], cause


# --- the provider interface and QuickBooks Online ---


def test_every_part_of_the_provider_interface_has_a_heading() -> None:
    want_headings("provider.md", methods(provider.Provider))
    want_headings("provider.md", methods(doors.Doors))
    five = ("write", "read", "find", "changes", "catalog", "ledger", "of_company")
    own = {name.partition("(")[0]: name for name in methods(simple.SimpleProvider)}
    want_headings("provider.md", [own[name] for name in five])


@pytest.mark.parametrize(
    "type_",
    [
        provider.Operation,
        provider.Exchange,
        provider.Limits,
        provider.Pace,
        provider.Cost,
        outcomes.BooksRecord,
    ],
)
def test_every_field_of_the_provider_values_has_a_row(type_: type[attrs.AttrsInstance]) -> None:
    want_rows("provider.md", type_.__name__, fields(type_))


def test_what_quickbooks_online_says_of_itself_is_told() -> None:
    described = make_provider({}).describe()
    lines = section("qbo.md", "Capabilities").splitlines()
    for one in described.capabilities:
        row = f"| `{one.feature.value}` | {'yes' if one.able else 'no'} | {one.reason} |"
        assert row in lines, f"docs/reference/qbo.md, “Capabilities”, needs the row: {row}"
    removals = section("qbo.md", "Removals")
    for kind, way in described.removals.items():
        assert f"| `{kind.value}` | `{way.value}` |" in removals, kind
    limits = section("qbo.md", "Limits")
    for pace in described.limits.paces:
        row = f"| pace `{pace.name}` | {pace.calls:g} in {pace.seconds:g} s, {pace.burst:g} at once |"
        assert row in limits, f"docs/reference/qbo.md, “Limits”, needs the row: {row}"
    numbers = {**attrs.asdict(described.limits), "number_length": described.number_length}
    del numbers["paces"]
    for name, number in numbers.items():
        shown = number if isinstance(number, int) else f"{number:g}"
        assert f"| `{name}` | {shown} |" in limits, f"docs/reference/qbo.md, “Limits”: {name} is {shown}"


# --- templates ---


@pytest.mark.parametrize(
    "type_", [template.Option, template.AccountRow, template.ItemRow, template.ClassRow, template.MappingRow]
)
def test_every_field_of_a_template_has_a_row(type_: type[attrs.AttrsInstance]) -> None:
    wanted = [name.removesuffix("_") for name in fields(type_)]
    want_rows("templates.md", type_.__name__, wanted)


def test_every_trade_and_system_account_has_a_row() -> None:
    want_only_rows("templates.md", "Trades", [*template_files.INDUSTRIES, "name"])
    want_rows("templates.md", "System accounts", list(template.SYSTEM))


# --- treatments ---


def test_every_treatment_family_and_role_has_a_row() -> None:
    kinds = [kind.value for kind, type_ in records.RECORD_TYPES.items() if type_ in rules.RULES]
    want_rows("treatments.md", "Which record becomes what", kinds)
    want_rows("treatments.md", "Costs", [type_.value for type_ in expenses.TYPES])
    want_rows("treatments.md", "Families of keys", values(mapping.Family))
    roles = [one.key for one in standard_keys() if one.family is mapping.Family.ROLE]
    want_only_rows("treatments.md", "Roles", [*roles, "role"])
