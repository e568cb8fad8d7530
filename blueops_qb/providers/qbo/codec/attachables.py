"""Attachables: files and what they hang on (reference/quickbooks-online.md section 4.21)."""

from __future__ import annotations

from blueops_qb.domain.attachments import AttachedFile
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksRef
from blueops_qb.providers.qbo.codec.members import Obj, Unfit, exactly, folded, note
from blueops_qb.providers.qbo.entities import BY_NAME, ENTITIES

#: Longest file name and content type.
_NAME, _TYPE = 1000, 100


def attachable_body(document: AttachedFile, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The metadata that travels beside the bytes; raises Unfit. Our marker stands in the note."""
    del profile, whole
    to = document.to
    if not isinstance(to, BooksRef) or to.kind not in ENTITIES:
        raise Unfit(f"What the file “{document.filename}” belongs to is not in QuickBooks yet ({to}).")
    if not document.filename.strip():
        raise Unfit("The file has no name; name it in BlueOps, as QuickBooks Online takes none without.")
    body: Obj = {
        "AttachableRef": [{"EntityRef": {"type": ENTITIES[to.kind].name, "value": to.id}}],
        "FileName": exactly(document.filename.strip(), _NAME, "The file name"),
    }
    if document.content_type:
        body["ContentType"] = exactly(document.content_type, _TYPE, "The content type")
    text = note("", marker)
    if text:
        body["Note"] = text
    return body


def attachable_of(obj: Obj, profile: BooksProfile) -> AttachedFile:
    """The document that an Attachable object shows; one that hangs on nothing, or on what we do not know, raises."""
    del profile
    refs = [ref.get("EntityRef") or {} for ref in obj.get("AttachableRef") or []]
    known = {folded(name): entity.kind for name, entity in BY_NAME.items()}
    places = [
        BooksRef(known[folded(ref.get("type"))], str(ref["value"]))
        for ref in refs
        if folded(ref.get("type")) in known and ref.get("value")
    ]
    if not places:
        raise ValueError("the attachable hangs on nothing that is known here")
    return AttachedFile(
        to=places[0],
        filename=str(obj.get("FileName") or ""),
        content_type=str(obj.get("ContentType") or ""),
    )
