"""A choice is made on what was shown, per field, and can be taken back while nobody has touched either side."""

import json
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import Address, Customer, Invoice
from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine import choices, resolve, take_back
from blueops_qb.engine.conflicts import movers_of
from blueops_qb.engine.link_rows import mirror_row
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse
from tests.fake_books import REFUSED
from tests.traps import choose, sent_customer, set_price

pytest_plugins = ["tests.engine_fixtures"]

HERE = Address(line1="1 Old St", city="Reno", state="NV", postal_code="89501")


def both(house: EngineHouse, here: dict[str, Any], there: dict[str, Any], **start: Any) -> Customer:
    """A customer that both sides changed."""
    ann = sent_customer(house, **start)
    house.books.edit(house.place(ann), **there)
    house.change(ann, **here)
    house.poll()
    return ann


def only(house: EngineHouse) -> Any:
    (conflict,) = house.conflicts()
    return conflict


def newest(house: EngineHouse) -> Any:
    return house.rows(t.conflicts)[-1]


def calm(house: EngineHouse) -> None:
    house.drain()
    house.poll()
    assert house.conflicts() == []
    assert house.quiet()


# -- what is shown -----------------------------------------------------------------------------------
def test_a_conflict_says_who_moved_what_and_when(house: EngineHouse) -> None:
    both(house, {"phone": "1"}, {"phone": "2"})
    conflict = only(house)
    assert (conflict.ours_by, conflict.theirs_by) == ("office", "a bookkeeper")
    assert conflict.ours_at is not None
    assert conflict.theirs_at is not None
    assert conflict.revision
    assert conflict.version == "1"


def test_a_conflict_names_whoever_the_books_name(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), phone="2")
    house.change(ann, phone="1")
    house.poll()
    assert only(house).theirs_by == "a bookkeeper"  # nobody was named
    with house.turn() as turn:
        row = mirror_row(turn, house.place(ann))
        named = {**row, "facts_json": '{"changed_by": "Rita"}'}
        movers = movers_of(turn, ann.ref, named)
    assert (movers.ours_by, movers.theirs_by) == ("office", "Rita")
    assert movers.theirs_at == row["updated_at"]


def test_one_sided_changes_travel_although_another_field_is_in_conflict(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2", "billing": HERE, "mobile": "3"})
    assert only(house).group == "phone"
    assert (house.here(ann.ref).billing, house.here(ann.ref).mobile) == (HERE, "3")
    assert house.here(ann.ref).phone == "1"
    choose(house, "ours")
    calm(house)
    assert (house.there(ann).phone, house.there(ann).mobile) == ("1", "3")


# -- per field ---------------------------------------------------------------------------------------
def test_fields_of_one_group_are_chosen_each_by_itself(house: EngineHouse) -> None:
    ann = both(
        house,
        {"given_name": "Anna", "company": "Lee Ltd"},
        {"given_name": "Anne", "company": "Lee Inc"},
        given_name="Ann",
    )
    conflict = only(house)
    wish = choices.Wish(
        fields={"name": "ours", "company": "theirs", "given_name": "ours", "family_name": "ours"}
    )
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "fields", "admin", wish=wish)
    calm(house)
    for side in (house.here(ann.ref), house.there(ann)):
        assert (side.given_name, side.company) == ("Anna", "Lee Inc")


def test_every_field_needs_a_side(house: EngineHouse) -> None:
    both(house, {"company": "A"}, {"company": "B"})
    with pytest.raises(resolve.CannotResolve, match="choose a side for company"), house.turn() as turn:
        resolve.resolve(turn, only(house).id, "fields", "admin", wish=choices.Wish())


def test_fields_of_money_stay_together(house: EngineHouse) -> None:
    invoice = house.invoice(sent_customer(house))
    house.drain()
    set_price(house, house.place(invoice), "90.00")
    house.reprice(invoice, "95.00")
    house.poll()
    mixed = dict.fromkeys(("lines", "tax"), "ours") | {"total": "theirs"}
    with pytest.raises(resolve.CannotResolve, match="belong together"), house.turn() as turn:
        resolve.resolve(turn, only(house).id, "fields", "admin", wish=choices.Wish(fields=mixed))
    assert only(house)


def test_all_open_conflicts_of_a_record_are_settled_by_one_choice(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1", "mobile": "2"}, {"phone": "3", "mobile": "4"})
    assert len(house.conflicts()) == 2
    wish = choices.Wish(fields={"phone": "ours", "mobile": "theirs"})
    with house.turn() as turn:
        assert resolve.resolve_record(turn, ann.ref, "fields", "admin", wish=wish) == 2
    calm(house)
    for side in (house.here(ann.ref), house.there(ann)):
        assert (side.phone, side.mobile) == ("1", "4")


# -- on what was shown -------------------------------------------------------------------------------
def test_a_choice_on_values_that_moved_here_meanwhile_is_not_carried_out(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    conflict = only(house)
    house.change(house.here(ann.ref), phone="9")
    with pytest.raises(resolve.MovedMeanwhile, match="moved in BlueOps meanwhile"), house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "admin")
    assert (house.here(ann.ref).phone, house.there(ann).phone) == ("9", "2")
    house.poll()
    assert '"9"' in only(house).ours  # shown anew
    choose(house, "theirs")
    calm(house)
    assert house.here(ann.ref).phone == "2"


def test_a_choice_on_values_that_moved_there_meanwhile_is_not_carried_out(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    seen = choices.mark(only(house)._mapping)
    house.books.edit(house.place(ann), phone="8")
    house.poll()
    with pytest.raises(resolve.MovedMeanwhile), house.turn() as turn:
        resolve.resolve(turn, only(house).id, "theirs", "admin", shown=seen)
    assert house.here(ann.ref).phone == "1"
    assert '"8"' in only(house).theirs


def test_a_version_that_moved_without_substance_stands_in_no_choices_way(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    house.books._touch(house.place(ann))
    house.poll()
    choose(house, "ours")
    calm(house)
    assert house.there(ann).phone == "1"


# -- what would be done ------------------------------------------------------------------------------
def test_the_preview_shows_what_is_written_on_each_side_and_writes_nothing(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    conflict = only(house)
    before = len(house.books.log)
    with house.turn() as turn:
        ours = resolve.preview(turn, conflict.id, "ours")
        theirs = resolve.preview(turn, conflict.id, "theirs")
    assert ours.core == ()
    assert '"phone":"1"' in ours.message.replace(" ", "")
    assert [(row.field, row.before, row.after) for row in theirs.core] == [("phone", "1", "2")]
    assert theirs.message == ""
    assert (house.here(ann.ref).phone, len(house.books.log)) == ("1", before)
    assert only(house).state == "open"


def test_what_was_previewed_is_what_is_sent(house: EngineHouse) -> None:
    both(house, {"phone": "1"}, {"phone": "2"})
    with house.turn() as turn:
        shown = resolve.preview(turn, only(house).id, "ours")
    choose(house, "ours")
    house.drain()
    sent = json.loads(house.books.heard[-1][1])["operations"][0]
    assert json.loads(shown.message)["operations"][0]["document"] == sent["document"]


# -- taken back --------------------------------------------------------------------------------------
def test_a_choice_for_the_books_is_taken_back(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    choose(house, "theirs")
    calm(house)
    with house.turn() as turn:
        assert "BlueOps gets back" in take_back.undo_of(turn, newest(house).id).sentences[0]
        take_back.undo(turn, newest(house).id, "admin")
    house.poll()
    assert (house.here(ann.ref).phone, house.there(ann).phone) == ("1", "2")
    assert only(house).group == "phone"
    choose(house, "ours")
    calm(house)
    assert house.there(ann).phone == "1"


def test_a_choice_for_blueops_is_taken_back_before_it_was_written(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    choose(house, "ours")
    before = len(house.books.log)
    with house.turn() as turn:
        take_back.undo(turn, newest(house).id, "admin")
    house.poll()
    assert only(house).group == "phone"
    assert (house.there(ann).phone, len(house.books.log)) == ("2", before)


def test_a_choice_for_blueops_is_taken_back_after_it_was_written(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    choose(house, "ours")
    calm(house)
    assert house.there(ann).phone == "1"
    with house.turn() as turn:
        assert "QuickBooks gets back" in take_back.undo_of(turn, newest(house).id).sentences[1]
        take_back.undo(turn, newest(house).id, "admin")
    house.drain()
    house.poll()
    assert (house.here(ann.ref).phone, house.there(ann).phone) == ("1", "2")
    assert only(house).group == "phone"
    choose(house, "theirs")
    calm(house)
    assert house.here(ann.ref).phone == "2"


def test_an_undo_that_the_books_refuse_leaves_the_conflict_open(house: EngineHouse) -> None:
    both(house, {"phone": "1"}, {"phone": "2"})
    choose(house, "ours")
    calm(house)
    house.books.script.append(REFUSED)
    with house.turn() as turn:
        take_back.undo(turn, newest(house).id, "admin")
    house.drain()
    house.poll()
    d = t.links
    assert [row.doubtful for row in house.rows(d, d.c.state == "live")] == [""]


def test_an_undo_that_meets_a_change_in_the_books_leaves_the_conflict_open(house: EngineHouse) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    choose(house, "ours")
    calm(house)
    with house.turn() as turn:
        take_back.undo(turn, newest(house).id, "admin")
    house.books.edit(house.place(ann), phone="7")
    house.drain()
    house.poll()
    assert (house.here(ann.ref).phone, house.there(ann).phone) == ("1", "7")
    assert only(house).group == "phone"
    assert [row.doubtful for row in house.rows(t.links, t.links.c.state == "live")] == [""]


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_choice_stands_once_somebody_has_touched_the_record(house: EngineHouse, side: str) -> None:
    ann = both(house, {"phone": "1"}, {"phone": "2"})
    choose(house, "ours")
    calm(house)
    if side == "here":
        house.change(house.here(ann.ref), phone="7")
    else:
        house.books.edit(house.place(ann), phone="7")
    house.poll()
    with pytest.raises(resolve.CannotResolve, match="so the choice stands"), house.turn() as turn:
        take_back.undo(turn, newest(house).id, "admin")


def test_lines_that_were_written_are_written_back(house: EngineHouse) -> None:
    invoice: Invoice = house.invoice(sent_customer(house))
    house.drain()
    set_price(house, house.place(invoice), "90.00")
    house.reprice(invoice, "95.00")
    house.poll()
    choose(house, "ours")
    calm(house)
    assert house.there(invoice).total == D("95.00")
    with house.turn() as turn:
        take_back.undo(turn, newest(house).id, "admin")
    house.drain()
    house.poll()
    assert (house.here(invoice.ref).total, house.there(invoice).total) == (D("95.00"), D("90.00"))
    assert only(house).group == "money"
    choose(house, "theirs")
    calm(house)
    assert house.here(invoice.ref).total == D("90.00")


# -- customers ---------------------------------------------------------------------------------------
def test_a_job_below_another_customer_there_waits_and_moves_when_a_person_says_so(house: EngineHouse) -> None:
    ann, bob = sent_customer(house), sent_customer(house, "Bob")
    job = house.job(ann)
    house.drain()
    house.books.edit(house.place(job), parent=house.place(bob))
    house.poll()
    conflict = only(house)
    assert (conflict.cause, conflict.group) == ("changed_there", "parent")
    assert house.here(job.ref).customer_id == ann.id
    choose(house, "theirs")
    calm(house)
    assert house.here(job.ref).customer_id == bob.id
    assert house.there(job).parent == house.place(bob)


def test_a_job_is_moved_back_where_blueops_is_right(house: EngineHouse) -> None:
    ann, bob = sent_customer(house), sent_customer(house, "Bob")
    job = house.job(ann)
    house.drain()
    house.books.edit(house.place(job), parent=house.place(bob))
    house.poll()
    choose(house, "ours")
    calm(house)
    assert house.there(job).parent == house.place(ann)


def test_an_exemption_with_reason_and_certificate_travels_both_ways(house: EngineHouse) -> None:
    ann = sent_customer(house)
    house.books.edit(house.place(ann), taxable=False, exemption_reason=4, certificate="R-17")
    house.poll()
    exemption = house.here(ann.ref).exemption
    assert (exemption.reason, exemption.certificate) == (4, "R-17")
    house.change(house.here(ann.ref), exemption=attrs.evolve(exemption, certificate="R-18"))
    house.drain()
    assert house.there(ann).certificate == "R-18"
    house.books.edit(house.place(ann), taxable=True, exemption_reason=None, certificate="")
    house.poll()
    assert house.here(ann.ref).exemption is None
    calm(house)


def test_records_are_not_named_twice(house: EngineHouse) -> None:
    """An undone and newly settled conflict leaves each customer once."""
    both(house, {"phone": "1"}, {"phone": "2"})
    choose(house, "theirs")
    calm(house)
    assert len(list(house.core.iterate(house.tenant, kinds=[RecordKind.CUSTOMER]))) == 1
