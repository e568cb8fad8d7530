"""Attachments: files that hang on a document in the books, such as the receipt of a cost."""

from __future__ import annotations

import attrs

from blueops_qb.domain.refs import Ref


@attrs.frozen(kw_only=True)
class AttachedFile:
    """A file on a document of the record `to`; its bytes stay in core and are read when it is uploaded.

    `of` is the role of that document (`DocumentKey.role`), `file_id` is core's id of the content
    (`Core.attachment`), empty where the books showed it.
    """

    to: Ref
    of: str = "main"
    file_id: str = ""
    filename: str
    content_type: str = ""
