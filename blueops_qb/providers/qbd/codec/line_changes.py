"""Line changes: the complete, ordered line list of a Mod, laid over the lines that the books show.

A line that is unchanged is named by its id alone, a changed one with what we say of it and empty elements for what we
no longer say; `-1` is a new one (reference/quickbooks-desktop.md sections 0, 5.1; gotcha 17).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.providers.qbd.codec import cost_lines, sale_lines
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.forms import READERS, Form, Line
from blueops_qb.providers.qbd.codec.members import Unwritable, amount_of, words
from blueops_qb.providers.qbd.codec.pairing import paired
from blueops_qb.providers.qbd.codec.places import FIELD
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

NEW = "-1"
#: What a line is, by what it names.
_SORTS = ("ItemRef", "AccountRef")
#: Forms in which a bookkeeper leaves lines blank.
_PARTED = frozenset({"Invoice", "CreditMemo", "SalesReceipt", "Estimate", "PurchaseOrder"})
#: Goes with what it belongs to: a cost without a job is billed to nobody.
_NEVER_EMPTY = frozenset({"BillableStatus"})


@attrs.frozen(kw_only=True)
class Quiet:
    """A line that says nothing to us: a blank one stays with the line below it, a subtotal wherever it is."""

    id: str
    subtotal: bool = False


@attrs.frozen(kw_only=True)
class Shown:
    """A line as the books show it: its id, how we would write it, the bundle that it is part of."""

    id: str
    line: Line
    bundle: Element | None = None
    #: Lines right above it that say nothing to us.
    above: tuple[Quiet, ...] = ()


def changed_lines(
    document: Document, ret: Element | None, books: Books, *, form: Form, marker: str
) -> list[Element]:
    """The lines of a Mod; without `ret` every line is new, which takes the old ones out. Raises Unwritable."""
    assert form.lines is not None
    ours = list(form.lines(document, books, marker, False))
    if ret is not None and ret.has("CashBackInfoRet"):
        raise Unwritable(
            "The deposit keeps cash back in QuickBooks, which BlueOps cannot change along with its lines; nothing of "
            "it was written. Change the deposit in QuickBooks; it is then brought here."
        )
    theirs, below = ([], ()) if ret is None else _shown(ret, books, form=form, marker=marker)
    found: list[Element] = []
    for name in dict.fromkeys([*(_kind(line) for line in theirs), *(line.name for line in ours)]):
        mine = [line for line in ours if line.name == name]
        there = [line for line in theirs if _kind(line) == name]
        if there and not mine and name in ("Expense", "Item"):
            found.append(leaf(f"Clear{name}Lines", "true"))
        found += _laid(mine, there, below, books)
    return found


def _kind(shown: Shown) -> str:
    return shown.line.name


def _laid(
    ours: Sequence[Line], theirs: Sequence[Shown], below: Sequence[Quiet], books: Books
) -> Iterator[Element]:
    between = books.settings.lines_between
    pairs = paired([_sorted(line) for line in ours], [_sorted(line.line) for line in theirs], between=between)
    taken = {at for at in pairs if at is not None}
    same = {at for n, at in enumerate(pairs) if at is not None and _same(ours[n], theirs[at])}
    _check_bundles(theirs, taken, same)
    bundles: set[int] = set()
    last, place = max(taken, default=-1), 0
    for line, at in zip(ours, pairs, strict=True):
        if at is None:
            yield _element(line, NEW, line.members)
            continue
        shown = theirs[at]
        yield from _quiet(line, [*_subtotals(theirs[place:at]), *shown.above])
        place = at + 1
        if shown.bundle is not None:
            if id(shown.bundle) not in bundles:
                bundles.add(id(shown.bundle))
                yield branch(_group_name(shown.bundle), [leaf("TxnLineID", shown.bundle.get("TxnLineID"))])
        elif _same(line, shown):
            yield _element(line, shown.id, (), unchanged=True)
        else:
            was = shown.line.members
            said = {member.name for member in line.members} | _NEVER_EMPTY
            gone = [member for member in was if member.name not in said]
            yield _element(line, shown.id, (*line.members, *(emptied(member, books) for member in gone)))
        if at == last:
            yield from _quiet(line, [*_subtotals(theirs[place:]), *below])


def _subtotals(gone: Sequence[Shown]) -> Iterator[Quiet]:
    """The subtotals above lines that go; they sum up what stays."""
    return (quiet for shown in gone for quiet in shown.above if quiet.subtotal)


def _quiet(line: Line, kept: Iterable[Quiet]) -> Iterator[Element]:
    return (_element(line, quiet.id, (), unchanged=True) for quiet in kept)


def _element(line: Line, id: str, members: Iterable[Element], *, unchanged: bool = False) -> Element:
    body = [leaf("TxnLineID", id)]
    if line.side and not unchanged:
        body.append(leaf("JournalLineType", line.side))
    return branch(f"{line.name}LineMod", [*body, *members])


def _same(line: Line, shown: Shown) -> bool:
    return _plain(line) == _plain(shown.line)


def _sorted(line: Line) -> tuple[str, tuple[Any, ...]]:
    """Sort and content: words alone never become an item, nor one payment at the bank another or a plain amount."""
    names = {member.name: _text(member) for member in line.members}
    brought = names.get("PaymentTxnID", "")
    return brought or next((name for name in _SORTS if name in names), ""), _plain(line)


def _plain(line: Line) -> tuple[Any, ...]:
    """What a line says, in an order of its own."""
    said = tuple(sorted((member.name, _text(member)) for member in line.members))
    return (line.name, line.side, said)


def _text(element: Element) -> str:
    return element.text or "|".join(f"{child.name}={_text(child)}" for child in element.children)


def _shown(ret: Element, books: Books, *, form: Form, marker: str) -> tuple[list[Shown], tuple[Quiet, ...]]:
    """The lines of a Ret, each as we would write it where we can, and what says nothing below the last."""
    assert form.lines is not None
    document = READERS[ret.name](ret, books)
    flat, above = _parted(ret, books)
    try:
        lines: Sequence[Line] = form.lines(document, books, marker, False)
    except Unwritable:
        lines = []
    if len(lines) != len(
        flat
    ):  # what is there cannot be written by our rules; nothing is known to be the same
        lines = [Line(name=_name_of(line), members=()) for line, _ in flat]
    shown = [
        Shown(id=line.get("TxnLineID"), line=written, bundle=bundle, above=over)
        for (line, bundle), written, over in zip(flat, lines, above[:-1], strict=True)
    ]
    return shown, above[-1]


def _parted(
    ret: Element, books: Books
) -> tuple[list[tuple[Element, Element | None]], list[tuple[Quiet, ...]]]:
    """The lines that say something, and what says nothing to us above each, and below the last."""
    flat: list[tuple[Element, Element | None]] = []
    above: list[tuple[Quiet, ...]] = []
    quiet: tuple[Quiet, ...] = ()
    for line, bundle in _flat(ret):
        subtotal = sale_lines.is_subtotal(line, books)
        if bundle is not None and subtotal:
            continue  # it goes with its group
        if bundle is None and (subtotal or _is_silent(line, ret.name.removesuffix("Ret"))):
            quiet += (Quiet(id=line.get("TxnLineID"), subtotal=subtotal),)
            continue
        flat.append((line, bundle))
        above.append(quiet)
        quiet = ()
    return flat, [*above, quiet]


def _is_silent(line: Element, name: str) -> bool:
    if name not in _PARTED or line.has("ItemRef") or amount_of(line, "Amount"):
        return False
    # An order is read without its lines of words.
    return name == "PurchaseOrder" or not words(line.get("Desc"))


def _flat(ret: Element) -> list[tuple[Element, Element | None]]:
    name = ret.name.removesuffix("Ret")
    match name:
        case "Invoice" | "CreditMemo" | "SalesReceipt" | "Estimate" | "PurchaseOrder":
            return sale_lines.flat_lines(ret, name)
        case "JournalEntry":
            return [
                (line, None)
                for line in ret.all("JournalDebitLine", "JournalCreditLine")
                if line.has("AccountRef")
            ]
        case "Deposit":
            return [(line, None) for line in ret.all("DepositLineRet")]
        case _:
            return cost_lines.flat_lines(ret)


def _name_of(line: Element) -> str:
    if line.name.startswith("Journal"):
        return "Journal"
    return line.name.removesuffix("LineRet")


def _check_bundles(theirs: Sequence[Shown], paired_: set[int], unchanged: set[int]) -> None:
    """Raises Unwritable where a group would stay in part, or with another content."""
    for at in paired_:
        bundle = theirs[at].bundle
        members = {n for n, shown in enumerate(theirs) if bundle is not None and shown.bundle is bundle}
        if bundle is not None and not members <= unchanged:
            name = bundle.get("ItemGroupRef", "FullName") or bundle.get("Desc")
            raise Unwritable(
                f"The change touches lines of the group “{name}”, which QuickBooks keeps together; nothing of it "
                "was written. Change the group in QuickBooks, or replace it there by single lines, then retry."
            )


def _group_name(bundle: Element) -> str:
    return bundle.name.removesuffix("Ret") + "Mod"


def emptied(member: Element, books: Books) -> Element:
    """The element that clears what `member` said; raises Unwritable where that is switched off for such a member."""
    if not member.children:
        if member.name == FIELD and not books.settings.clear_other:
            raise Unwritable(
                f"The change takes the branch “{member.text}” away from the field “Other”, which is not cleared in "
                "QuickBooks Desktop by the settings of this installation; nothing of it was written. Clear the field "
                "in QuickBooks, then retry."
            )
        return leaf(member.name, "")
    if member.child("ListID") is None and member.child("FullName") is None:
        return branch(member.name, [emptied(child, books) for child in member.children])
    if not books.settings.clear_references:
        raise Unwritable(
            f"The change takes away “{member.name.removesuffix('Ref')}”, which is not cleared in QuickBooks Desktop by "
            "the settings of this installation; nothing of it was written. Clear it in QuickBooks; it is then brought "
            "here."
        )
    return branch(member.name, [leaf("FullName", "")])
