"""Rules of attachables: a file or a note, and the records it hangs on (reference section 4.21)."""

from __future__ import annotations

import mimetypes
from pathlib import PurePath

from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.entities import BY_PATH, Family
from blueops_qb.sandbox.qbo.faults import Fault, missing
from blueops_qb.sandbox.qbo.wire import Obj

KIND = "Attachable"
#: what a file brings with it and an update that does not say otherwise keeps
_OF_THE_FILE = ("FileName", "ContentType", "Size")
#: text and programs are no attachments
_REFUSED_TYPES = ("text/plain", "text/html", "application/javascript", "application/x-msdownload")
_REFUSED_ENDINGS = (".txt", ".htm", ".html", ".js", ".exe", ".dll", ".msi", ".bat", ".cmd", ".com", ".sh")


def prepare_attachable(draft: Draft) -> None:
    """Complete an attachable; raises Fault 2020 without a file name or note, 6050 and 2500 for its references.

    An update replaces the list of references and clears what it leaves out, but for the facts of the file.
    """
    new, old = draft.new, draft.old or {}
    if "Size" in old:
        for name in _OF_THE_FILE:
            new.setdefault(name, old[name])
    if not new.get("FileName") and not new.get("Note"):
        raise missing("FileName")
    if new.get("FileName"):
        draft.default("ContentType", content_type(new["FileName"]))
    known = [row.get("EntityRef") for row in old.get("AttachableRef", [])]
    for row in new.get("AttachableRef", []):
        _prepare_ref(draft, row, known)


def check_file_type(*, name: str, kind: str) -> None:
    """Refuse (6041) a file that the service does not take."""
    plain = kind.partition(";")[0].strip().lower()
    if plain in _REFUSED_TYPES or PurePath(name.lower()).suffix in _REFUSED_ENDINGS:
        raise Fault("6041", f"Files of type {plain or name!r} cannot be attached.", "ContentType")


def content_type(name: str) -> str:
    """The media type that goes with a file name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _prepare_ref(draft: Draft, row: Obj, known: list[Obj | None]) -> None:
    entity = row.get("EntityRef")
    if entity is None or not entity.get("value"):
        raise missing("AttachableRef.EntityRef")
    if entity in known:  # its owner may be gone by now
        return
    kind = BY_PATH.get(str(entity.get("type", "")).lower())
    if kind is None or not (kind.family in (Family.TXN, Family.NAME) or kind.kind == "Item"):
        raise Fault("6050", f"A {entity.get('type')!r} cannot have attachments.", "AttachableRef.EntityRef")
    if draft.company.find(kind.kind, entity["value"]) is None:
        raise Fault(
            "2500", f"Invalid Reference Id : {kind.kind} {entity['value']!r}", "AttachableRef.EntityRef"
        )
    entity["type"] = kind.kind
    row.setdefault("IncludeOnSend", False)
