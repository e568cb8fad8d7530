"""Lens cases: what every comparison looks through; part of the conformance kit."""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.documents import CustomerRecord, Document, VendorRecord, kind_of
from blueops_qb.domain.money import ZERO
from blueops_qb.sdk import wire
from blueops_qb.sdk.testing.bytes_cases import writes_of
from blueops_qb.sdk.testing.subject import Subject

#: Texts that people type untidily.
_TYPED = ("memo", "company", "email", "phone", "reference", "description")


def untidy(document: Document) -> Document:
    """The document as somebody in a hurry types it: several blanks around texts, in lines too."""
    value: Any = document
    changes: dict[str, Any] = {
        name: f"   {getattr(value, name)}   " for name in _TYPED if getattr(value, name, "")
    }
    if hasattr(value, "memo"):
        changes["memo"] = "   Two blanks and more   "
    typed: Document = attrs.evolve(value, **changes)
    return typed


def looks_through_the_lens_once(subject: Subject) -> None:
    """normal() of what is normal already changes nothing, however untidily the document was typed; the type stays."""
    for feature, document in subject.samples().items():
        for one in (document, untidy(document)):
            once = subject.provider.normal(one)
            assert type(once) is type(document), f"normal() of {feature.value} is of another type"
            assert subject.provider.normal(once) == once, f"normal() of {feature.value} changes it again"
            assert subject.provider.normal(one) == once, f"normal() of {feature.value} is not steady"


def tells_one_way_what_it_never_compares(subject: Subject) -> None:
    """one_way() names fields of the document, steadily, and none that normal() would show to have moved."""
    for feature, document in subject.samples().items():
        told = subject.provider.one_way(document)
        named = {field.name for field in attrs.fields(type(document))}
        assert set(told) <= named, f"one_way() of {feature.value} names {sorted(set(told) - named)}"
        assert subject.provider.one_way(document) == told, f"one_way() of {feature.value} is not steady"
        seen = subject.provider.normal(document)
        for name in set(told) - {"lines"}:
            empty = subject.provider.normal(attrs.evolve(document, **{name: _empty(document, name)}))
            assert empty == seen, f"{name} of {feature.value} is told one way and compared as well"


def _empty(document: Document, name: str) -> Any:
    default = getattr(attrs.fields(type(document)), name).default
    return getattr(document, name) if default is attrs.NOTHING else default


def compares_the_same_after_it_was_stored(subject: Subject) -> None:
    """A base is kept as text; read back it is still the same document."""
    for feature, document in subject.samples().items():
        normal = subject.provider.normal(document)
        stored = wire.load_document(kind_of(document), wire.dump_document(normal))
        assert stored == normal, f"{feature.value} is another document after it was stored"


def counts_a_void_document_as_nothing(subject: Subject) -> None:
    """The lens shows a void document at 0.00, and that it is void."""
    for feature, document in subject.samples().items():
        if hasattr(document, "void"):
            gone: dict[str, Any] = {"void": True}
            void = subject.provider.normal(attrs.evolve(document, **gone))
            shown = [getattr(void, name, None) for name in ("total", "amount")]
            assert set(shown) <= {None, ZERO}, f"a void one of {feature.value} shows {shown}"
            assert getattr(void, "void", False), f"a void one of {feature.value} is not void any more"


def says_what_it_sends_through_the_lens(subject: Subject) -> None:
    """sent() is what normal() would make of it already, however untidily the document was typed."""
    for feature, document in subject.samples().items():
        for one in (document, untidy(document)):
            sent = subject.provider.sent(writes_of(one)[0], subject.profile)
            assert sent is None or subject.provider.normal(sent) == sent, (
                f"sent() of {feature.value} is not what normal() makes of it"
            )


#: Parties show no marker; they are recognised by their name.
PARTIES = (CustomerRecord, VendorRecord)
