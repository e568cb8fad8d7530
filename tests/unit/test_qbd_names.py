"""Names and numbers that Desktop cannot take get a short form of their own, and no two share one."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbd.codec.bodies import creation
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.kept import kept
from blueops_qb.providers.qbd.codec.lens import normal
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.codec.short_names import LENGTHS, Space, is_fit, short_form, wanted
from tests.qbd_documents import BY_TYPE, FEW, HOSTILE

ANY = st.text(min_size=1, max_size=80) | HOSTILE


@attrs.frozen
class Table:
    """Short forms by what they stand for, as the engine keeps them."""

    rows: dict[tuple[Space, str], str]

    def short(self, space: Space, original: str) -> str | None:
        return self.rows.get((space, original))


@given(st.sampled_from(Space), st.lists(ANY, min_size=1, max_size=8, unique=True))
def test_short_forms_fit_and_differ(space: Space, originals: list[str]) -> None:
    used: dict[str, str] = {}
    for original in originals:
        if is_fit(space, original):
            continue
        try:
            short = short_form(space, original, taken=lambda name: name_key(name) in used)
        except ValueError:
            assert not any(mark.isalnum() for mark in original if mark.isascii())
            continue
        assert is_fit(space, short)
        assert len(short) <= LENGTHS[space]
        assert name_key(short) not in used
        used[name_key(short)] = original


@given(st.sampled_from(Space), ANY)
def test_a_short_form_is_the_same_every_time(space: Space, original: str) -> None:
    try:
        once = short_form(space, original, taken=lambda _: False)
    except ValueError:
        return
    assert short_form(space, original, taken=lambda _: False) == once


def test_names_that_only_differ_in_what_desktop_does_not_know_stay_two() -> None:
    first, second = (short_form(Space.NAME, f"Ada {mark}", taken=lambda _: False) for mark in ("株", "式"))
    assert first != second
    assert first.startswith("Ada ?")


LONG = "Sierra Nevada Heating, Plumbing and Air Conditioning Company"


def test_a_name_is_written_under_the_short_form_that_the_table_keeps() -> None:
    document = VendorRecord(name=LONG)
    (want,) = wanted(document)
    assert (want.space, want.original) == (Space.NAME, LONG)
    short = short_form(want.space, want.original, taken=lambda _: False)
    books = Books(profile=BooksProfile(), names=Table({(Space.NAME, LONG): short}))
    assert creation(document, books).children[0].get("Name") == short
    assert normal(kept(document, books)) == VendorRecord(name=short)


def test_without_a_short_form_the_document_is_refused_and_says_why() -> None:
    with pytest.raises(Unwritable, match="60 characters, QuickBooks Desktop keeps 41"):
        creation(CustomerRecord(name=LONG), Books())
    with pytest.raises(Unwritable, match="holds a colon"):
        creation(CustomerRecord(name="Ada: Kitchen"), Books())
    with pytest.raises(Unwritable, match="does not know"):
        creation(CustomerRecord(name="Ada 株"), Books())


@pytest.mark.parametrize("type_", BY_TYPE, ids=lambda type_: type_.__name__)
@FEW
@given(st.data())
def test_what_is_fit_wants_no_short_form(type_: type, data: st.DataObject) -> None:
    document = data.draw(BY_TYPE[type_])
    for want in wanted(document):
        assert not is_fit(want.space, want.original)
