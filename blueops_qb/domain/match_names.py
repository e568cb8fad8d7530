"""Match names: how alike two names are, whatever else is known of who bears them."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from rapidfuzz.distance import OSA

from blueops_qb.domain import nicknames
from blueops_qb.domain.match_words import COMMON, NameParts


class Grade(enum.IntEnum):
    """How alike two names are, the best first."""

    SAME = 1
    MOVED = 2
    FORM_MISSING = 3
    NICKNAME = 4
    INITIAL = 5
    TYPO = 6
    WITHIN = 7
    OTHER_FORM = 8
    PART = 9
    NONE = 10


def compare_names(one: NameParts, other: NameParts) -> Grade:
    """How alike two names are."""
    if one.numbers != other.numbers and one.numbers and other.numbers:
        return Grade.NONE
    if one.generation and other.generation and one.generation != other.generation:
        return Grade.NONE
    if one.telling == other.telling or one.bag == other.bag or one.run == other.run:
        if one.form != other.form:
            return Grade.OTHER_FORM if one.form and other.form else Grade.FORM_MISSING
        return Grade.SAME if one.telling == other.telling else Grade.MOVED
    grade = _aligned(one.telling, other.telling)
    if one.form and other.form and one.form != other.form and grade < Grade.OTHER_FORM:
        return Grade.OTHER_FORM
    return grade


def _aligned(one: Sequence[str], other: Sequence[str]) -> Grade:
    left, right = list(one), list(other)
    equal = [word for word in left if word in right]
    for word in equal:
        if word in left and word in right:
            left.remove(word)
            right.remove(word)
    worst = Grade.MOVED
    anything = [word for word in equal if len(word) > 1]
    for relation, grade in ((_nickname, Grade.NICKNAME), (_initial, Grade.INITIAL), (_slip, Grade.TYPO)):
        if not (left and right):
            break
        for word in list(left):
            match = next((w for w in right if relation(word, w)), None)
            if match is not None:
                left.remove(word)
                right.remove(match)
                worst = max(worst, grade)
                if grade is not Grade.INITIAL:
                    anything.append(word)
    if left and right:
        joined = "".join(left), "".join(right)
        if joined[0] == joined[1] or _slip(*joined):
            return max(worst, Grade.TYPO)
    if not _tells(anything, last=one[-1] if one[-1] == other[-1] else ""):
        return Grade.NONE
    if not left and not right:
        return worst
    if not left or not right:
        rest = left or right
        if worst is Grade.INITIAL and any(len(word) > 1 for word in rest):
            return Grade.PART  # `Samuel B. Hill` is not Benjamin Hill
        if all(len(word) == 1 for word in rest) or _middle_name(one, other, rest):
            return max(worst, Grade.INITIAL)
        if worst is Grade.TYPO and len(anything) < 2:
            return Grade.PART
        return Grade.WITHIN
    return Grade.PART


def _tells(words: Sequence[str], *, last: str) -> bool:
    """Whether words that two names share say who it is; a given name at the end of both is a family's."""
    return len(words) > 1 or any(
        word not in COMMON and (word == last or not nicknames.is_given(word)) for word in words
    )


def _middle_name(one: Sequence[str], other: Sequence[str], rest: Sequence[str]) -> bool:
    """The longer name has one more given name between the same first and last."""
    longer = one if len(one) > len(other) else other
    return (
        len(rest) == 1
        and len(longer) == 3
        and longer[1] == rest[0]
        and nicknames.is_given(longer[0])
        and nicknames.is_given(rest[0])
    )


def _nickname(one: str, other: str) -> bool:
    return nicknames.same_person_may_be(one, other)


def _initial(one: str, other: str) -> bool:
    return one[0] == other[0] and (len(one) == 1) != (len(other) == 1)


def _slip(one: str, other: str) -> bool:
    """A slip of typing: one letter in words of four and more, two in long ones; never between two given names."""
    here, there = len(one), len(other)
    shorter = here if here < there else there
    most = 2 if shorter >= 9 else 1
    if shorter < 4 or not -most <= here - there <= most or one[0].isdigit() or other[0].isdigit():
        return False
    if nicknames.is_given(one) and nicknames.is_given(other):
        return False
    return bool(OSA.distance(one, other, score_cutoff=most) <= most)
