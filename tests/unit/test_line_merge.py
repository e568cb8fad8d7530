"""Lines of both sides are matched by id, never by guess, and nothing of them is lost or taken twice."""

from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.documents import SalesLine
from blueops_qb.domain.line_merge import Lines, LineStep, Unpaired, chosen, line_steps, token
from blueops_qb.domain.refs import BooksKind, BooksRef

ITEMS = [BooksRef(BooksKind.ITEM, id) for id in "RT"]


def line(cents: int = 100, item: int = 0, text: str = "") -> SalesLine:
    return SalesLine(item=ITEMS[item], description=text, amount=Decimal(cents) / 100)


def lines(*found: SalesLine, ids: str = "") -> Lines:
    return Lines(lines=found, ids=tuple(ids) if ids else ("",) * len(found))


contents = st.builds(
    line, st.integers(0, 9999), st.integers(0, 1), st.sampled_from(["", "Pipe", "Tap", "Drive"])
)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Lines, Lines, Lines, Lines, tuple[tuple[str, str], ...]]:
    """An agreed set of lines, then changed, removed, added and reordered on either side."""
    agreed = draw(st.lists(contents, min_size=1, max_size=6))
    ours_ids = [f"o{n}" for n in range(len(agreed))]
    theirs_ids = [f"t{n}" for n in range(len(agreed))]

    def moved(ids: list[str], prefix: str) -> Lines:
        kept = [n for n in range(len(agreed)) if draw(st.booleans())]
        now = [(ids[n], draw(contents) if draw(st.booleans()) else agreed[n]) for n in kept]
        now += [(f"{prefix}new{n}", draw(contents)) for n in range(draw(st.integers(0, 2)))]
        now = draw(st.permutations(now))
        return Lines(lines=tuple(x for _, x in now), ids=tuple(id for id, _ in now))

    base_ours = Lines(lines=tuple(agreed), ids=tuple(ours_ids))
    base_theirs = Lines(lines=tuple(agreed), ids=tuple(theirs_ids))
    pairs = tuple(zip(ours_ids, theirs_ids, strict=True))
    return base_ours, moved(ours_ids, "o"), base_theirs, moved(theirs_ids, "t"), pairs


def steps_of(
    scene: tuple[Lines, Lines, Lines, Lines, tuple[tuple[str, str], ...]],
) -> tuple[LineStep, ...]:
    base_ours, ours, base_theirs, theirs, pairs = scene
    return line_steps(base_ours=base_ours, ours=ours, base_theirs=base_theirs, theirs=theirs, pairs=pairs)


@given(scenes())
def test_every_line_of_either_side_appears_once(
    scene: tuple[Lines, Lines, Lines, Lines, tuple[tuple[str, str], ...]],
) -> None:
    _, ours, _, theirs, _ = scene
    steps = steps_of(scene)
    assert [s.books_id for s in steps if s.theirs is not None] == list(theirs.ids)
    assert sorted(s.ours_id for s in steps if s.ours is not None) == sorted(ours.ids)
    tokens = [token(s) for s in steps]
    assert len(set(tokens)) == len(tokens)


@given(scenes())
def test_a_line_is_paired_with_its_own_and_with_no_other(
    scene: tuple[Lines, Lines, Lines, Lines, tuple[tuple[str, str], ...]],
) -> None:
    for step in steps_of(scene):
        if step.ours is not None and step.theirs is not None:
            assert step.ours_id[1:] == step.books_id[1:]
            assert step.base_ours == step.base_theirs


@given(scenes())
def test_choosing_one_side_for_every_line_gives_that_side(
    scene: tuple[Lines, Lines, Lines, Lines, tuple[tuple[str, str], ...]],
) -> None:
    _, ours, _, theirs, _ = scene
    steps = steps_of(scene)
    all_ours = chosen(steps, {token(s): "ours" for s in steps})
    assert sorted(map(repr, (s.theirs for s in all_ours))) == sorted(map(repr, ours.lines))
    assert not any(s.moved("amount", "item", "description") for s in all_ours)
    all_theirs = chosen(steps, {token(s): "theirs" for s in steps})
    assert [s.theirs for s in all_theirs if s.theirs is not None] == list(theirs.lines)


def test_without_ids_one_changed_line_among_equal_ones_is_that_line() -> None:
    base = (line(100), line(200), line(200))
    now = (line(100), line(200), line(250))
    steps = line_steps(
        base_ours=lines(*base, ids="123"),
        ours=lines(*base, ids="123"),
        base_theirs=lines(*base),
        theirs=lines(*now),
        pairs=(),
    )
    assert [s.ours_id for s in steps] == ["1", "2", "3"]
    assert [s.moved("amount") for s in steps] == [False, False, True]


def test_without_ids_two_changed_lines_are_nobody_can_tell_which() -> None:
    base = (line(100), line(200))
    with pytest.raises(Unpaired, match="no numbers"):
        line_steps(
            base_ours=lines(*base, ids="12"),
            ours=lines(*base, ids="12"),
            base_theirs=lines(*base),
            theirs=lines(line(1), line(2)),
            pairs=(),
        )


@given(st.lists(contents, min_size=1, max_size=5), st.data())
def test_without_ids_added_or_removed_lines_alone_are_told_apart(
    base: list[SalesLine], data: st.DataObject
) -> None:
    keep = [x for x in base if data.draw(st.booleans())]
    ids = "12345"[: len(base)]
    steps = line_steps(
        base_ours=lines(*base, ids=ids),
        ours=lines(*base, ids=ids),
        base_theirs=lines(*base),
        theirs=lines(*keep),
        pairs=(),
    )
    there = [s for s in steps if s.theirs is not None]
    assert len(there) == len(keep)
    assert all(s.theirs == s.ours for s in there)


def test_a_line_that_was_taken_away_here_and_changed_there_is_theirs_alone() -> None:
    base = (line(100), line(200))
    (step, *_) = line_steps(
        base_ours=lines(*base, ids="12"),
        ours=lines(base[1], ids="2"),
        base_theirs=lines(*base, ids="ab"),
        theirs=lines(line(111), base[1], ids="ab"),
        pairs=(("1", "a"), ("2", "b")),
    )
    assert (step.ours_id, step.books_id, step.ours) == ("", "a", None)
    assert step.moved("amount")
    assert attrs.evolve(step, ours_id="x").books_id == "a"
