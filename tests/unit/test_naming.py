"""Names and numbers for the books: the same when they fit, derived and unique when they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.naming import derived_name, derived_number, name_key


def free(_: str) -> bool:
    return False


def test_the_books_compare_without_case_and_extra_spaces() -> None:
    assert name_key("  Hill,   Ada ") == name_key("hill, ADA")
    assert name_key("Straße") == name_key("STRASSE")
    assert name_key("A.B.") != name_key("AB")


def test_a_name_that_fits_and_is_free_stays() -> None:
    assert derived_name("Hill, Ada", taken=free, length=100, forbidden=":") == "Hill, Ada"


def test_a_taken_name_gets_the_suffix_then_numbers() -> None:
    taken = {"ferguson"}

    def next_name() -> str:
        name = derived_name(
            "Ferguson", taken=lambda n: name_key(n) in taken, length=100, suffix=" (customer)"
        )
        taken.add(name_key(name))
        return name

    assert [next_name() for _ in range(3)] == [
        "Ferguson (customer)",
        "Ferguson (customer) 2",
        "Ferguson (customer) 3",
    ]


def test_without_a_suffix_numbers_alone() -> None:
    assert derived_name("Kitchen", taken=lambda name: name == "Kitchen", length=100) == "Kitchen 2"


def test_forbidden_characters_become_spaces() -> None:
    assert derived_name("Hill:\tAda\n", taken=free, length=100, forbidden=":") == "Hill Ada"


def test_two_long_names_with_the_same_beginning_stay_apart() -> None:
    one, other = (derived_name("A" * 60 + end, taken=free, length=31) for end in "xy")
    assert len(one) == len(other) == 31
    assert one != other


def test_a_name_of_nothing_usable_is_refused() -> None:
    with pytest.raises(ValueError, match="no character"):
        derived_name(" :: ", taken=free, length=31, forbidden=":")


def test_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be shortened"):
        derived_name("A long name", taken=free, length=5)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)


@given(name=names, length=st.integers(12, 60), in_use=st.integers(0, 4))
def test_a_derived_name_is_free_fits_and_is_the_same_every_time(name: str, length: int, in_use: int) -> None:
    def derive() -> str:
        used: list[str] = []

        def taken(candidate: str) -> bool:
            used.append(candidate)
            return len(used) <= in_use

        result = derived_name(name, taken=taken, length=length, forbidden=':"\t', suffix=" c")
        assert result == used[-1]
        assert len(set(used)) == len(used)
        return result

    try:
        result = derive()
    except ValueError:
        assert not any(char.isprintable() and char not in ':"' and not char.isspace() for char in name)
        return
    assert derive() == result
    assert 0 < len(result) <= length
    assert not set(result) & set(':"\t\n')
    assert result == result.strip()


def test_a_number_that_fits_stays() -> None:
    assert derived_number("BO-1041", length=21) == "BO-1041"
    assert derived_number("x" * 21, length=21) == "x" * 21


def test_a_number_too_long_keeps_its_prefix_and_its_identity() -> None:
    numbers = {derived_number(f"BO-2026-0000000000-{n:06}", length=21) for n in range(1000)}
    assert len(numbers) == 1000
    assert all(len(number) == 21 and number.startswith("BO-2026-0") for number in numbers)
