"""Match index: finds, for one party, the few of many that are worth comparing.

A party stands under the words of its name, pairs of them, their beginnings and ends, and its contacts. A key that
too many share finds nobody, so that the work grows with the number of parties and not with its square.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import attrs

from blueops_qb.domain import nicknames
from blueops_qb.domain.match_parties import Traits
from blueops_qb.domain.match_words import COMMON, NameParts

#: Keys that more parties share find nobody: single words, and everything finer.
MOST_BY_WORD, MOST = 20, 50


@attrs.define(slots=True)
class Index:
    """Parties of the books by everything they may be found by."""

    _under: dict[str, list[int]] = attrs.field(factory=lambda: defaultdict(list))
    _all: list[Traits] = attrs.field(factory=list)

    @classmethod
    def of(cls, parties: Iterable[Traits]) -> Index:
        """An index over the parties."""
        made = cls()
        for traits in parties:
            number = len(made._all)
            made._all.append(traits)
            for key in set(keys_of(traits)):
                made._under[key].append(number)
        return made

    def near(self, traits: Traits) -> list[Traits]:
        """The parties that share a key with it, in the order in which they were put in."""
        found: set[int] = set()
        for key in set(keys_of(traits)):
            under = self._under.get(key, ())
            if len(under) <= (MOST_BY_WORD if key[0] == "w" else MOST):
                found.update(under)
            elif key[0] == "f":
                found.update(under[:MOST])  # so many namesakes are at least seen to be some
        return [self._all[number] for number in sorted(found)]


def keys_of(traits: Traits) -> Iterator[str]:
    """What a party is found by."""
    yield f"f{traits.full}"
    for parts in traits.names:
        yield from _name_keys(parts)
    yield from (f"e{email}" for email in traits.emails)
    yield from (f"p{phone}" for phone in traits.phones)
    yield from (f"a{place.number} {place.street[0] if place.street else ''}" for place in traits.places)


def _name_keys(parts: NameParts) -> Iterator[str]:
    yield f"r{''.join(parts.telling)}"
    yield f"b{' '.join(parts.bag)}"
    told = [word for word in parts.telling if len(word) > 1]
    for word in told:
        if word not in COMMON:
            for root in nicknames.roots(word):
                yield f"w{root}"
            if len(word) > 5:
                yield f"h{word[:4]}"
                yield f"t{word[-4:]}"
    for position, word in enumerate(told[:4]):
        for other in told[position + 1 : 4]:
            for root in nicknames.roots(word):
                for second in nicknames.roots(other):
                    yield f"2{min(root, second)} {max(root, second)}"
                yield f"2{root}/{other[:2]}"
            for second in nicknames.roots(other):
                yield f"2{second}/{word[:2]}"
