"""Match form: a decision taken on one page of the match plan, where its row still stands as that page showed it."""

from __future__ import annotations

from blueops_qb.engine import by_hand
from blueops_qb.engine.match_rows import OPEN, Row, rows
from blueops_qb.engine.turn import Turn


def state_of(row: Row) -> str:
    """How a row stands: `?link 42`, `skip`, `open`."""
    return " ".join(filter(None, row.stands))


def value_of(state: str) -> str:
    """What a row that stands so has chosen: `link:42`, `skip`, and nothing while it is open."""
    decision, _, books_id = state.removeprefix("?").partition(" ")
    return f"{decision}:{books_id}" if books_id else "" if decision == OPEN else decision


def decide(turn: Turn, key: str, value: str, *, seen: dict[str, str], actor: str) -> bool:
    """Take the decision `value` (`link:42`, `create`, ...) on a row; answers whether anything was different.

    `seen` has the states of the page's rows as they were shown; it follows what this decision does to others of them,
    as to a customer's jobs. Raises CannotMatch, also for a row that somebody else has decided since.
    """
    before = {row.key: row for row in rows(turn.connection, turn.id, keys=list(seen))}
    row = before.get(key)
    if row is None:
        raise by_hand.CannotMatch(f"{key} is not in the match plan any more. Look at it again.")
    if not row.proposed and value == value_of(state_of(row)):
        return False
    if state_of(row) != seen[key]:
        raise by_hand.CannotMatch(
            f"{key} “{row.name}” {row.overtaken} after this page was opened. Look at it again, and decide it anew."
        )
    decision, _, books_id = value.partition(":")
    by_hand.match(turn, key, decision, books_id=books_id, actor=actor)
    for after in rows(turn.connection, turn.id, keys=list(seen)):
        if seen[after.key] == state_of(before[after.key]):
            seen[after.key] = state_of(after)
    return True
