"""Progress applications hold together over any life of a contract, and their retainage is per line to the cent."""

from __future__ import annotations

from decimal import Decimal

import attrs
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.applications import (
    completed,
    faults,
    gross,
    lines_of,
    retainage_to_date,
    withheld,
)
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.records import ProgressApplication, SovLine

D = Decimal
Life = list[ProgressApplication]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """The applications of one contract: work, stored material, late change orders, rates that drop, a cap."""
    count = draw(st.integers(1, 4))
    lines = [_line(draw, str(n), change="") for n in range(count)]
    cap = draw(st.none() | st.integers(0, 200_000).map(lambda c: D(c) / 100))
    percent = D(draw(st.integers(0, 20)))
    made: Life = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        if draw(st.booleans()):
            lines.append(_line(draw, f"c{number}", change=f"CO{number}"))
        percent = min(percent, D(draw(st.integers(0, 20))))
        lines = [_worked(draw, line, percent) for line in lines]
        before = made[-1] if made else None
        held = retainage_to_date(before) if before is not None else ZERO
        earlier = sum((line.previous + line.stored_before for line in lines), ZERO)
        made.append(
            ProgressApplication(
                number=number,
                original_contract=sum((x.scheduled for x in lines if not x.change_order_id), ZERO),
                approved_changes=sum((x.scheduled for x in lines if x.change_order_id), ZERO),
                lines=tuple(lines),
                retainage_before=held,
                retainage_cap=cap,
                previous_certificates=earlier - held,
            )
        )
    return made


def _line(draw: st.DrawFn, id: str, change: str) -> SovLine:
    value = D(draw(st.integers(1, 1_000_000))) / 100
    sign = draw(st.sampled_from([1, 1, -1])) if change else 1
    return SovLine(sov_line_id=id, scheduled=sign * value, change_order_id=change)


def _worked(draw: st.DrawFn, line: SovLine, percent: Decimal) -> SovLine:
    """The next period: some of what is left is done or stored; what was stored is built in or stays."""
    done = completed(line) - line.stored
    left = line.scheduled - done
    share = D(draw(st.integers(0, 100))) / 100
    work = half_up(left * share)
    stored = half_up((left - work) * D(draw(st.integers(0, 100))) / 100) if left > 0 else ZERO
    return attrs.evolve(
        line,
        previous=done,
        this_period=work,
        stored=stored,
        stored_before=line.stored,
        retainage_percent=percent,
        retainage_percent_stored=draw(st.sampled_from([None, D(0), percent])),
    )


@given(life=lives())
def test_every_application_of_a_sound_contract_holds_together(life: Life) -> None:
    for application in life:
        assert list(faults(application)) == []


@given(life=lives())
def test_what_is_billed_and_what_is_held_back_make_what_is_done(life: Life) -> None:
    net = held = ZERO
    for application in life:
        lines = lines_of(application)
        net += sum((line.amount for line in lines), ZERO)
        held += -sum((line.amount for line in lines if line.fee_type), ZERO)
        done = sum((completed(line) for line in application.lines), ZERO)
        # I14 and I15: gross to date = G; net to date + what is held back = G.
        assert net + held == done
        assert held == retainage_to_date(application)
        cap = application.retainage_cap
        assert cap is None or held <= cap
        assert sum((gross(line) for line in application.lines), ZERO) == sum(
            (line.amount for line in lines if line.service_category), ZERO
        )
        for line in application.lines:
            low, high = min(line.scheduled, ZERO), max(line.scheduled, ZERO)
            assert low <= completed(line) <= high


@given(life=lives())
def test_change_orders_are_billed_apart(life: Life) -> None:
    billed = ZERO
    for application in life:
        of_changes = [x for x in lines_of(application) if x.service_category == "change_order"]
        billed += sum((line.amount for line in of_changes), ZERO)
        assert billed == sum((completed(x) for x in application.lines if x.change_order_id), ZERO)


@given(life=lives(), cents=st.integers(1, 10_000))
def test_a_line_above_its_value_is_told_with_its_figures(life: Life, cents: int) -> None:
    application = life[-1]
    line = application.lines[0]
    over = attrs.evolve(
        line, this_period=line.this_period + line.scheduled - completed(line) + D(cents) / 100
    )
    found = list(faults(attrs.evolve(application, lines=(over, *application.lines[1:]))))
    assert any(f"completes {completed(over)} of line {line.sov_line_id}" in fault for fault in found)


@given(life=lives())
def test_the_release_is_what_is_held_back_and_never_more(life: Life) -> None:
    held = retainage_to_date(life[-1])
    release = ProgressApplication(number=9, retainage_before=held, release=held)
    if held > 0:
        assert list(faults(release)) == []
        (line,) = lines_of(release)
        assert (line.fee_type, line.amount) == ("retainage", held)
    above = attrs.evolve(release, release=held + D("0.01"))
    assert any("releases" in fault for fault in faults(above))
    assert withheld(release) == ZERO
