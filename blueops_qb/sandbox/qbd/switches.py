"""What a person or a test may switch on in the file and around it: locks, dialogs, forgetting, crashes."""

from __future__ import annotations

import attrs


@attrs.define(kw_only=True)
class Switches:
    """All off in a healthy installation."""

    #: the store of message sets loses everything between two sessions
    forgets_message_sets: bool = False
    #: ids of records that somebody has open in a window (3175, related ones 3176)
    in_use: list[str] = attrs.field(factory=list)
    #: a dialog waits for a person (0x80040414)
    dialog_open: bool = False
    #: QuickBooks does not run (0x80040416 unless a path is given)
    closed: bool = False
    #: QuickBooks runs without a company file (0x80040417 unless a path is given)
    no_file_open: bool = False
    #: another company file is open (0x8004040A)
    other_file: bool = False
    #: the application may only read (3263)
    read_only: bool = False
    #: a payment changes TimeModified and EditSequence of the invoices and bills that it pays
    payments_touch_documents: bool = False
    #: QuickBooks crashes (0x80040402) in the next message set, before (True) or after (False) it has run
    crash_before: bool | None = None
    #: QuickBooks crashes (0x80040402) once so many more requests of sets with an id are done, in the middle of a set or
    #: at its end; the rest of that set is not run
    crash_after: int = 0
    #: the next so many requests fail with 1000, nothing done
    internal_errors: int = 0

    def no_mishaps(self) -> None:
        """Nothing more goes wrong that was to go wrong once."""
        self.crash_before, self.crash_after, self.internal_errors = None, 0, 0

    def as_dict(self) -> dict[str, object]:
        """For the file."""
        return attrs.asdict(self)


def restored(kept: object) -> Switches:
    """The switches as a file kept them; names it does not know are left out."""
    known = {field.name for field in attrs.fields(Switches)}
    return (
        Switches(**{name: value for name, value in kept.items() if name in known})
        if isinstance(kept, dict)
        else Switches()
    )
