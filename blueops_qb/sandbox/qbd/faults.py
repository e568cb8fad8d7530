"""What the request processor refuses with: a status of one request, or an HRESULT for the whole message set.

The codes are those of section 6 of the Desktop reference; the wording is the twin's own.
"""

from __future__ import annotations

import attrs


class ProcessorError(Exception):
    """The whole message set failed: an HRESULT and no answer at all."""

    def __init__(self, hresult: str, message: str) -> None:
        super().__init__(f"{hresult}: {message}")
        self.hresult = hresult
        self.message = message


PARSE_ERROR = "0x80040400"


def parse_error(why: str) -> ProcessorError:
    """qbXML that does not fit the structure; ``why`` is for the twin's log, QuickBooks gives no hint."""
    error = ProcessorError(
        PARSE_ERROR, "QuickBooks found an error when parsing the provided XML text stream."
    )
    error.__cause__ = ValueError(why)
    return error


class Refusal(Exception):
    """One request failed with a status; nothing of it was done."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@attrs.frozen(kw_only=True)
class Status:
    """How one request ended."""

    code: int = 0
    message: str = "Status OK"

    @property
    def severity(self) -> str:
        """The word for the range the code is in: Info, Warn or Error."""
        if self.code < 500:
            return "Info"
        return "Warn" if self.code < 1000 else "Error"


NOTHING_FOUND = Status(code=1, message="A query request did not find a matching object in QuickBooks")


def not_found(kind: str, identity: str) -> Refusal:
    """No object with this id (3120)."""
    return Refusal(3120, f'Object "{identity}" specified in the request cannot be found. ({kind})')


def bad_reference(name: str, said: str, why: str = "cannot be found") -> Refusal:
    """A reference that is not found or inactive (3140)."""
    return Refusal(3140, f'There is an invalid reference to {name} "{said}" in the request: it {why}.')


def missing(name: str) -> Refusal:
    """A required element that is not there (3150)."""
    return Refusal(3150, f"There is a missing element: {name}.")


def invalid(name: str, said: str, why: str) -> Refusal:
    """A value that the element cannot have (3210)."""
    return Refusal(3210, f'The "{name}" field has an invalid value "{said}". QuickBooks error message: {why}')


def not_enabled(name: str, preference: str) -> Refusal:
    """A field of a feature that the company has switched off (3250)."""
    return Refusal(3250, f"This feature is not enabled: {name} needs the preference {preference}.")
