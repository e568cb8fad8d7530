"""Any books: what the soak's ledgers of both kinds of books have in common, as the invariants ask for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar, Generic, TypeVar

ZERO = Decimal("0.00")
R = TypeVar("R")
#: Account id -> amount, debit positive; what comes to nothing is left out.
Effect = dict[str, Decimal]


class AnyBooks(ABC, Generic[R]):
    """The documents of a company, read anew from what the books show, and what the twin has posted for them."""

    #: The kinds of documents that are interpreted.
    forms: ClassVar[tuple[str, ...]]
    #: (kind, id) -> what the twin posted.
    posted: dict[tuple[str, str], Effect]
    #: (account, customer) -> what the twin posted there under his name.
    of_customer: dict[tuple[str, str], Decimal]

    @abstractmethod
    def documents(self) -> Iterator[tuple[str, str, R]]:
        """(kind, id, document) of every document."""

    @abstractmethod
    def find(self, kind: str, id: str) -> R | None:
        """A record of any kind; None where it is not there."""

    @abstractmethod
    def effect(self, kind: str, raw: R) -> Effect:
        """What the document does, by the rules of its form."""

    @abstractmethod
    def account(self, number: str) -> str:
        """Id of an account by number; empty where there is none."""

    @abstractmethod
    def number(self, id: str) -> str:
        """Number of an account."""

    @abstractmethod
    def customer(self, raw: R) -> str:
        """The customer or job whom a document names."""

    @abstractmethod
    def parent(self, customer: str) -> str:
        """The customer of whom this one is a job; empty where it is none's."""

    @abstractmethod
    def received(self, kind: str, raw: R) -> tuple[Decimal, Decimal] | None:
        """What a payment of a customer comes to, and what of it is unapplied; None for what is none."""

    @abstractmethod
    def foreign(self, raw: R) -> str:
        """The currency of a document; empty for the company's own."""

    def root(self, customer: str) -> str:
        """The customer above all jobs."""
        while parent := self.parent(customer):
            customer = parent
        return customer

    def told(self, effect: Mapping[str, Decimal]) -> str:
        """An effect in words."""
        parts = [f"{self.number(id) or id} {amount}" for id, amount in sorted(effect.items())]
        return ", ".join(parts) or "nothing"


def clean(effect: Mapping[str, Decimal]) -> Effect:
    """Without what comes to nothing."""
    return {account: amount for account, amount in effect.items() if amount}
