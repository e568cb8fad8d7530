"""Match parties: how much two parties look like one, from their names, contacts, addresses and amounts.

The name gives a grade, everything else speaks for or against. What a grade needs before a link is proposed stands in
one table; a generation (Jr, Sr) or a number that differs is another party, whatever else agrees.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import attrs
from rapidfuzz.distance import OSA

from blueops_qb.domain.match_names import Grade, compare_names
from blueops_qb.domain.match_words import (
    NameParts,
    Place,
    base_name,
    is_role_mailbox,
    name_parts,
    normal_email,
    normal_name,
    normal_phone,
    place_of,
)
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind

#: What QuickBooks Online appends to the name of what was made inactive (reference section 3).
DELETED_MARK = " (deleted)"


@attrs.frozen(kw_only=True)
class Candidate:
    """A party of either side. A job is of kind CUSTOMER; its `parent_id` is the customer's id on its side.

    `amounts` are the totals of its open invoices.
    """

    id: str
    name: str
    kind: BooksKind = attrs.field(validator=attrs.validators.in_(NAMED_KINDS))
    email: str = ""
    phone: str = ""
    parent_id: str = ""
    active: bool = True
    company: str = ""
    given_name: str = ""
    family_name: str = ""
    mobile: str = ""
    addresses: tuple[Address, ...] = ()
    amounts: frozenset[Decimal] = frozenset()


class Bucket(enum.StrEnum):
    """How sure a proposal is."""

    #: The same name, and nothing speaks against it.
    EXACT = "exact"
    #: Another spelling, and enough else agrees.
    STRONG = "strong"
    #: It may be; too little agrees to propose it.
    WEAK = "weak"
    #: Several fit about equally well.
    AMBIGUOUS = "ambiguous"
    #: Nobody in the books fits.
    NONE = "none"
    #: Nobody fits, and somebody else bears the name there.
    TAKEN = "taken"


NAME, EMAIL, PHONE, ADDRESS, AMOUNT = "name", "email", "phone", "address", "amount"
EVIDENCE = (NAME, EMAIL, PHONE, ADDRESS, AMOUNT)
_CONTACTS = frozenset({EMAIL, PHONE})


@attrs.frozen(kw_only=True)
class MatchRules:
    """How careful the plan is: a person's choice for one connection."""

    #: What must agree before a link is proposed: `name` (the same words), `email`, `phone`, `address`, `amount`.
    require: frozenset[str] = frozenset()
    #: What does not count; a name always does.
    ignore: frozenset[str] = frozenset()
    #: The least sure bucket that is proposed as a link.
    accept: Bucket = attrs.field(
        default=Bucket.STRONG, validator=attrs.validators.in_((Bucket.EXACT, Bucket.STRONG))
    )
    #: Whether a party that nobody in the books resembles is proposed to be created.
    create: bool = True


STANDARD = MatchRules()


@attrs.frozen(slots=True)
class Needs:
    """What a grade is worth (of 100), and what must speak for it: `strong` to be proposed, `weak` to be shown."""

    points: int
    strong: int
    weak: int
    words: str


#: No amount of agreement makes it a proposal.
_NEVER = 99
NEEDS: dict[Grade, Needs] = {
    Grade.SAME: Needs(88, -1, -9, "Same name"),
    Grade.MOVED: Needs(84, 0, -9, "Same words in another order"),
    Grade.FORM_MISSING: Needs(78, 1, -2, "Same name, the form of business is missing on one side"),
    Grade.NICKNAME: Needs(74, 1, -1, "Same name with a short form"),
    Grade.INITIAL: Needs(70, 1, -1, "Same name with an initial or a middle name"),
    Grade.TYPO: Needs(70, 1, -1, "Nearly the same spelling"),
    Grade.WITHIN: Needs(58, 3, 1, "One name is part of the other"),
    Grade.OTHER_FORM: Needs(56, 2, -9, "Same name in another form of business"),
    Grade.PART: Needs(40, _NEVER, 1, "A part of the name"),
    Grade.NONE: Needs(20, _NEVER, 1, "Another name"),
}
#: What must agree of two whose names have nothing in common, unless it is the e-mail.
_NEVER_ALONE = 3


@attrs.define(slots=True, eq=False)
class Traits:
    """What is compared of a candidate, taken apart once."""

    one: Candidate
    full: str
    #: The name itself; what it is without an added job; company and person.
    names: tuple[NameParts, ...]
    bases: tuple[NameParts, ...]
    also: tuple[NameParts, ...]
    emails: frozenset[str]
    phones: frozenset[str]
    places: tuple[Place, ...]


def traits_of(one: Candidate) -> Traits:
    """A candidate taken apart. Its company and its person count as names of it too."""
    name = one.name if one.active else one.name.removesuffix(DELETED_MARK)
    base = base_name(name)
    person = f"{one.given_name} {one.family_name}" if one.given_name and one.family_name else ""
    emails = (normal_email(text) for text in one.email.replace(";", ",").split(","))
    phones = (normal_phone(text) for text in (one.phone, one.mobile))
    return Traits(
        one=one,
        full=normal_name(name),
        names=(name_parts(name),),
        bases=(name_parts(base),) if base else (),
        also=tuple(
            parts
            for text in (one.company, person)
            if text.strip() and (parts := name_parts(text)).bag != name_parts(name).bag
        ),
        emails=frozenset(text for text in emails if text),
        phones=frozenset(text for text in phones if text),
        places=tuple(dict.fromkeys(place for a in one.addresses if (place := place_of(a)) is not None)),
    )


@attrs.define(slots=True)
class Shared:
    """How many parties of one side bear a name or contact: what several share tells less."""

    names: Counter[tuple[tuple[str, ...], str, str]] = attrs.field(factory=Counter)
    emails: Counter[str] = attrs.field(factory=Counter)
    phones: Counter[str] = attrs.field(factory=Counter)
    places: Counter[str] = attrs.field(factory=Counter)

    @classmethod
    def among(cls, *sides: Iterable[Traits]) -> Shared:
        """The most that one side has."""
        found = cls()
        for side in sides:
            mine = cls()
            for traits in side:
                if not traits.one.active:
                    continue
                mine.names[_unordered(traits.names[0])] += 1
                mine.emails.update(traits.emails)
                mine.phones.update(traits.phones)
                mine.places.update({place.key for place in traits.places})
            found.names |= mine.names
            found.emails |= mine.emails
            found.phones |= mine.phones
            found.places |= mine.places
        return found


def _unordered(parts: NameParts) -> tuple[tuple[str, ...], str, str]:
    return parts.bag, parts.form, parts.generation


@attrs.frozen(slots=True)
class Score:
    """How much a record of the books looks like one of ours: `points` of 100 order the candidates."""

    other: Candidate
    bucket: Bucket
    points: int
    #: What speaks for it beside the name.
    agreeing: int
    grade: Grade
    reason: str


def score(
    ours: Traits, theirs: Traits, shared: Shared, *, is_job: bool = False, rules: MatchRules = STANDARD
) -> Score | None:
    """Compare two parties of one kind; None when they are surely not the same, or have too little in common."""
    found = _grade(ours, theirs)
    if found is None:
        return None
    grade, other_title = found
    spoken = {
        name: evidence(ours, theirs, shared)
        for name, evidence in _EVIDENCE.items()
        if name not in rules.ignore and not (is_job and name in _CONTACTS)
    }
    weights = [weight for weight, _ in spoken.values()]
    bearers = (shared.names[_unordered(one.names[0])] for one in (ours, theirs))
    common = max(bearers) > 1
    bucket = _bucket(
        grade, weights, is_job=is_job, common=common, by_email=spoken.get(EMAIL, _SILENCE)[0] > 0
    )
    if bucket is None:
        return None
    agree = {name for name, (weight, _) in spoken.items() if weight > 0}
    agree |= {NAME} if grade <= Grade.MOVED else set()
    doubted = other_title or _apart_in_generation(ours, theirs) or not rules.require <= agree
    said = [NEEDS[grade].words, *(words for _, words in spoken.values() if words)]
    return Score(
        other=theirs.one,
        bucket=Bucket.WEAK if doubted else bucket,
        points=max(1, min(100, NEEDS[grade].points + 8 * min(sum(weights), 4))),
        agreeing=sum(weight for weight in weights if weight > 0),
        grade=grade,
        reason="; ".join(said),
    )


def _bucket(
    grade: Grade, weights: Sequence[int], *, is_job: bool, common: bool, by_email: bool
) -> Bucket | None:
    needs, units = NEEDS[grade], sum(weights)
    agreeing, against = sum(w for w in weights if w > 0), sum(w < 0 for w in weights)
    if is_job and grade <= Grade.TYPO and grade is not Grade.INITIAL and units >= 0:
        return Bucket.EXACT if grade is Grade.SAME else Bucket.STRONG  # within one customer there are few
    # A name that several bear does not say who it is.
    strong = max(needs.strong, 1) if common else needs.strong
    if units >= strong and (agreeing or strong <= 0) and (against < 2 or units > 0):
        return Bucket.EXACT if grade is Grade.SAME and units >= 0 else Bucket.STRONG
    if grade is Grade.NONE and not by_email and agreeing < _NEVER_ALONE:
        return None  # one address or phone: whoever lived there before
    if needs.weak > 0:
        return Bucket.WEAK if agreeing >= needs.weak and units >= 0 else None
    return Bucket.WEAK if units >= needs.weak else None


def _apart_in_generation(ours: Traits, theirs: Traits) -> bool:
    """One side says Jr or Sr and the other nothing: father or son, nobody can tell."""
    return ours.names[0].generation != theirs.names[0].generation


# -- names ---------------------------------------------------------------------------------------------
def _grade(ours: Traits, theirs: Traits) -> tuple[Grade, bool] | None:
    """The best grade over all names of both; None when the main names exclude each other."""
    mine, other = ours.names[0], theirs.names[0]
    if mine.generation and other.generation and mine.generation != other.generation:
        return None
    other_title = bool(mine.title and other.title and mine.title != other.title)
    if ours.full == theirs.full:
        return Grade.SAME, other_title
    best = compare_names(mine, other)
    for a, b in _pairs(ours, theirs):
        if best > Grade.INITIAL:
            best = min(best, max(compare_names(a, b), Grade.INITIAL))
    if best > Grade.WITHIN and (ours.also or theirs.also):
        for a in (*ours.names, *ours.also):
            for b in (*theirs.names, *theirs.also):
                best = min(best, max(compare_names(a, b), Grade.WITHIN))
    return best, other_title


def _pairs(ours: Traits, theirs: Traits) -> list[tuple[NameParts, NameParts]]:
    """The names without what was added for a job; two names with different additions are not compared by them."""
    if ours.bases and theirs.bases:
        return []
    return [(a, b) for a in ours.bases for b in theirs.names] + [
        (a, b) for a in ours.names for b in theirs.bases
    ]


# -- what speaks for or against ------------------------------------------------------------------------
_SILENCE = (0, "")


def _emails(ours: Traits, theirs: Traits, shared: Shared) -> tuple[int, str]:
    if not ours.emails or not theirs.emails:
        return _SILENCE
    same = ours.emails & theirs.emails
    if not same:
        one_firm = {text.partition("@")[2] for text in ours.emails} & {
            text.partition("@")[2] for text in theirs.emails if is_role_mailbox(text)
        }
        return (0, "") if one_firm else (-1, "another e-mail")
    if any(shared.emails[text] < 2 and not is_role_mailbox(text) for text in same):
        return 2, "same e-mail"
    office = all(is_role_mailbox(text) for text in same)
    return (1, "same e-mail of an office") if office else (1, "same e-mail, which others have too")


def _phones(ours: Traits, theirs: Traits, shared: Shared) -> tuple[int, str]:
    if not ours.phones or not theirs.phones:
        return _SILENCE
    same = ours.phones & theirs.phones
    if not same:
        return -1, "another phone"
    own = any(shared.phones[text] < 2 for text in same)
    return (2, "same phone") if own else (1, "same phone, which others have too")


def _places(ours: Traits, theirs: Traits, shared: Shared) -> tuple[int, str]:
    if not ours.places or not theirs.places:
        return _SILENCE
    best = max(
        (_same_place(mine, other, shared) for mine in ours.places for other in theirs.places),
        default=-1,
    )
    words = {2: "same address", 1: "same address, which others have too", -1: "another address"}
    return (best, words.get(best, ""))


def _same_place(one: Place, other: Place, shared: Shared) -> int:
    if one.number != other.number or not _same_street(one.street, other.street):
        return -1
    if one.zip and other.zip:
        if one.zip != other.zip and not (one.city and one.city == other.city):
            return -1
    elif one.city and other.city and one.city != other.city:
        return -1
    if one.unit != other.unit:
        return -1 if one.unit and other.unit else 1
    return 1 if shared.places[one.key] > 1 or shared.places[other.key] > 1 else 2


def _same_street(one: Sequence[str], other: Sequence[str]) -> bool:
    if one == other:
        return True
    first, second = "".join(one), "".join(other)
    return min(len(first), len(second)) >= 5 and OSA.distance(first, second, score_cutoff=1) <= 1


def _amounts(ours: Traits, theirs: Traits, _shared: Shared) -> tuple[int, str]:
    same = ours.one.amounts & theirs.one.amounts
    if not same:
        return _SILENCE
    if len(same) > 1 or any(amount % 1 for amount in same):
        return 1, f"an open invoice of the same amount ({max(same)})"
    return _SILENCE


_EVIDENCE: dict[str, Callable[[Traits, Traits, Shared], tuple[int, str]]] = {
    EMAIL: _emails,
    PHONE: _phones,
    ADDRESS: _places,
    AMOUNT: _amounts,
}
