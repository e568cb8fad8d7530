"""What the soak has found in its own judge of what was written."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.witness import Witness
from blueops_qb.sandbox.soak.written import needless, written_over

NOBODY = Apart(ours=frozenset(), theirs=frozenset(), pairs=(), conflicts=0, held=0)


def world(ref: str, kind: str, raw: dict[str, Any]) -> Any:
    """As much of a soak's world as is looked at: record 5 of a kind, and whose it is in BlueOps."""
    of_kind, _, number = ref.partition(":")
    link = SimpleNamespace(source_kind=of_kind, source_id=number, books_kind=kind, books_id="5")

    def rows(statement: str, **_: Any) -> list[Any]:
        # Nothing that BlueOps was told holds what the bookkeeper wrote.
        return [link] if "blueops_qb_links" in statement else []

    return SimpleNamespace(
        witness=Witness(),
        chosen=Counter(),
        sent_again=set(),
        rows=rows,
        connection_id="1",
        place=lambda kind, id: (kind, id),
        records=lambda _: {"5": raw},
        is_void=lambda _: False,
    )


@pytest.mark.parametrize(
    ("ref", "shown", "faults"),
    [("credit:3", "B7", 0), ("refund:3", "B7", 0), ("credit:3", "", 1), ("payment:3", "B7", 1)],
    ids=["applies a credit", "settles what went back", "written over", "a payment"],
)
@pytest.mark.parametrize(
    ("kind", "field"), [("ReceivePayment", "RefNumber"), ("Payment", "PaymentRefNum")], ids=["qbd", "qbo"]
)
def test_a_number_for_which_blueops_has_no_place_still_stands_in_the_books(
    kind: str, field: str, ref: str, shown: str, faults: int
) -> None:
    w = world(ref, kind, {field: shown})
    w.witness.written[(kind, "5"), field] = "B7"
    assert len(written_over(w, NOBODY)) == faults


@pytest.mark.parametrize(("ref", "faults"), [("invoice:3", 0), ("invoice:4", 1)])
def test_what_somebody_has_sent_again_may_leave_things_as_they_were(ref: str, faults: int) -> None:
    w = world("invoice:3", "Invoice", {})
    w.witness.idle.append(("Invoice", "5"))
    w.sent_again.add(ref)
    assert needless(w) == ["Invoice 5 was written although nothing changed"] * faults
