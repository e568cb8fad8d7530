"""Numbers are written and read digit by digit."""

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.providers.qbo.exact_json import dumps, loads


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.decimals(allow_nan=False, allow_infinity=False, places=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", max_size=3), inner),
        max_leaves=10,
    )
)
def test_json_keeps_every_digit(value: Any) -> None:
    assert loads(dumps(value)) == value


@pytest.mark.parametrize("value", [1.5, D("NaN"), object()])
def test_json_refuses_what_is_not_exact(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        dumps({"Amount": value})
    with pytest.raises(ValueError, match="not a number"):
        loads('{"Amount": NaN}')


def test_json_is_written_as_it_stands() -> None:
    value = {"a": [D("21.00"), 3, True, None], "b": {}, "c": [], "d": '"\n\u00e9'}
    assert dumps(value) == '{"a":[21.00,3,true,null],"b":{},"c":[],"d":"\\"\\n\u00e9"}'
    assert dumps(D("1E+3")) == "1000"
    assert dumps(D("1E-7")) == "0.0000001"
