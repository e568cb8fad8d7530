"""Case: one promise of the provider interface that the kit tries, and what a provider declares to be tried for it."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from blueops_qb.domain.documents import DOCUMENT_KINDS
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature, Removal
from blueops_qb.sdk.provider import Description, Settle
from blueops_qb.sdk.simple import FEATURE_KINDS
from blueops_qb.sdk.testing.subject import Subject

#: Removals by which a record is taken out at once.
_TAKEN_OUT = frozenset(Removal) - {Removal.HOLD, Removal.REVERSE}


@attrs.frozen
class Need:
    """What a provider declares in `describe()` so that a case is tried; `words` is how lists and tables say it."""

    words: str
    met: Callable[[Description], bool]


@attrs.frozen(kw_only=True)
class Case:
    """One promise; `run` raises AssertionError, with a sentence, where it is broken."""

    name: str
    run: Callable[[Subject], None]
    need: Need
    #: What it proves, in a sentence or two.
    proves: str
    #: Where the promise is written: a page below docs/reference, as a Markdown link.
    source: str
    #: It writes to or reads from books; without `Subject.carry` it cannot be run.
    needs_books: bool = True

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(
        cls,
        run: Callable[[Subject], None],
        *,
        source: str,
        need: Need | None = None,
        name: str = "",
        needs_books: bool = True,
    ) -> Case:
        """A case from a function; its docstring says what is proved."""
        proves = " ".join((run.__doc__ or "").split())
        return cls(
            name=name or run.__name__,
            run=run,
            need=need or BASIC,
            proves=proves,
            source=source,
            needs_books=needs_books,
        )


def can(description: Description, feature: Feature) -> bool:
    """Whether a provider says that it can."""
    return any(one.feature is feature and one.able for one in description.capabilities)


#: Every provider is tried.
BASIC = Need("basic", lambda _: True)
#: It settles an exchange of unknown fate by asking the books about it.
ASKS = Need("settle = status", lambda description: description.settle is Settle.STATUS)
#: Its feed reaches back behind its position.
OVERLAPS = Need(
    "changes, feed_overlap_seconds above 0",
    lambda description: can(description, Feature.CHANGES) and description.limits.feed_overlap_seconds > 0,
)
#: Its feed can be tried on a record that it deletes by itself.
DELETES = Need(
    "changes, a removal by delete",
    lambda description: can(description, Feature.CHANGES) and deletable(description) is not None,
)
#: It settles by looking, and a record that it deletes by itself shows whether the look-up tells of that.
FINDS_DELETED = Need("a removal by delete", lambda description: deletable(description) is not None)
#: It looks a number up before it creates a document of some kind.
NUMBERS = Need("numbers_asked", lambda description: numbered(description) is not None)


def keeps(feature: Feature) -> Need:
    """A feature that is able."""
    return Need(feature.value, lambda description: can(description, feature))


def numbers_lines_of(feature: Feature) -> Need:
    """Documents of a feature, in books that number lines."""
    return Need(
        f"{feature.value}, line_ids",
        lambda description: can(description, feature) and can(description, Feature.LINE_IDS),
    )


def takes_out(feature: Feature) -> Need:
    """Records of a feature that are taken out at once; `hold` and `reverse` leave them where they are."""
    return Need(
        f"{feature.value}, a removal at once",
        lambda description: can(description, feature) and removal_of(description, feature) in _TAKEN_OUT,
    )


def removal_of(description: Description, feature: Feature) -> Removal | None:
    """How the records of a feature are taken out; None where the table has no way."""
    kind = FEATURE_KINDS.get(feature)
    return None if kind is None else description.removals.get(kind)


def deletable(description: Description) -> Feature | None:
    """The first feature whose records are taken out by deletion and told by the feed; files are told by none."""
    for feature, kind in FEATURE_KINDS.items():
        written = kind in DOCUMENT_KINDS.values() and kind is not BooksKind.ATTACHMENT
        if written and can(description, feature) and removal_of(description, feature) is Removal.DELETE:
            return feature
    return None


def numbered(description: Description) -> Feature | None:
    """The first feature whose numbers are looked up before a creation."""
    for feature, kind in FEATURE_KINDS.items():
        if kind in description.numbers_asked and can(description, feature):
            return feature
    return None
