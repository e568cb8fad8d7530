"""The members of an attachable, a file or a note that hangs on other records (reference section 4.21)."""

from __future__ import annotations

from blueops_qb.sandbox.qbo import fields as f
from blueops_qb.sandbox.qbo.fields import fixed, flag, loose, part, rows, text

CATEGORIES = ("Contact Photo", "Document", "Image", "Receipt", "Signature", "Sound", "Other")
_ENTITY = f.table(text("type", 40, filterable=True), text("value", 20, filterable=True), *loose("name"))
_REF = f.table(
    part("EntityRef", _ENTITY),
    flag("IncludeOnSend"),
    text("LineInfo", 20),
    rows("CustomField", f.CUSTOM),
    *loose("Inactive", "NoRefOnly", "AttachableRefEx"),
)
ATTACHABLE = (
    text("FileName", 1000, filterable=True),
    text("Note", 2000, filterable=True),
    text("ContentType", 100, filterable=True),
    f.choice("Category", *CATEGORIES, filterable=True),
    text("Tag", 2000),
    text("Lat", 100),
    text("Long", 100),
    text("PlaceName", 2000),
    rows("AttachableRef", _REF),
    fixed(text("FileAccessUri")),
    fixed(text("TempDownloadUri")),
    fixed(f.whole("Size")),
    fixed(text("ThumbnailFileAccessUri")),
    fixed(text("ThumbnailTempDownloadUri")),
    *loose("documentId"),
)
