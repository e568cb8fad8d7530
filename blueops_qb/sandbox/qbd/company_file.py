"""Opens a company file, new or kept, and hands out what works on it."""

from __future__ import annotations

import uuid
from pathlib import Path

import attrs

from blueops_qb.sandbox.qbd import books
from blueops_qb.sandbox.qbd.clock import Clock
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.processor import Processor
from blueops_qb.sandbox.qbd.seed import Seed, sow
from blueops_qb.sandbox.qbd.sessions import Session
from blueops_qb.sandbox.qbd.store import Store


@attrs.frozen(kw_only=True)
class CompanyFile:
    """A company file that is open: its state and its request processor."""

    company: Company
    processor: Processor
    #: where QuickBooks says that the file lies
    path: str

    def session(self) -> Session:
        """Begin a session with QuickBooks; iterators of the one before end, and so may the memory of sets."""
        if self.company.switches.forgets_message_sets:
            self.company.store.forget_message_sets()
            self.company.commit()
        return Session(uuid.uuid4().hex[:12])

    def close(self) -> None:
        """Close the file; whatever was answered is in it."""
        self.company.store.close()


def open_file(
    path: Path | None = None, *, clock: Clock | None = None, seed: Seed = Seed.LISTS
) -> CompanyFile:
    """Open a company file, made new with the seed where there is none; ``path`` None: in memory only.

    Raises ValueError where the file is none of this format.
    """
    store = Store(path)
    company = Company(store, clock or Clock())
    if not company.meta("preferences"):
        sow(company, seed)
    books.open_books(company)
    shown = str(path.resolve()) if path else r"C:\Companies\practice.qbw"
    return CompanyFile(company=company, processor=Processor(company), path=shown)
