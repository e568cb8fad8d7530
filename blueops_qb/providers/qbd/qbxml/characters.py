"""Characters: text as QuickBooks Desktop takes it.

Desktop keeps one line of Windows-1252: other characters are stored as question marks or refused, control characters,
line ends and typographic marks have broken its parser (reference/quickbooks-desktop.md section 3.1, gotcha 3; what
it does with each is not verified). So all text is folded here before it is sent, and the lens folds what is compared.
"""

from __future__ import annotations

import unicodedata

#: Stands for what Desktop has no character for.
UNKNOWN = "?"
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u2026": "...",
        "\u2022": "*",
        "\u20ac": "EUR",
        "\u2122": "(TM)",
        **dict(zip("ŁłĐđıŒœ", ("L", "l", "D", "d", "i", "OE", "oe"), strict=True)),
    }
)
#: Categories of characters that show nothing: control, format, surrogate, private, unassigned.
_SILENT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})


def folded(text: str) -> str:
    """The text as one line of Latin-1 characters: marks made plain, what Desktop does not know as `?`.

    Blanks at both ends go, line ends and tabs become a blank; folding twice changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    plain = "".join(" " if mark in "\t\r\n\v\f\x85" else mark for mark in text).translate(_PLAIN)
    composed = unicodedata.normalize("NFC", plain)
    return "".join(_known(mark) for mark in composed).strip()


def is_known(text: str) -> bool:
    """Whether folding keeps every character that can be seen; accents that Latin-1 lacks do not count."""
    return folded(text).count(UNKNOWN) == text.count(UNKNOWN)


def is_plain(text: str) -> bool:
    """Whether the text can be sent as it stands."""
    return (text.isascii() and text.isprintable()) or all(
        " " <= mark <= "~" or "\xa1" <= mark <= "\xff" for mark in text
    )


def _known(mark: str) -> str:
    if is_plain(mark):
        return "" if mark == "\xad" else mark
    category = unicodedata.category(mark)
    if category in _SPACES:
        return " "
    if category in _SILENT or category == "Mn":
        return ""
    parts = unicodedata.normalize("NFKD", mark).translate(_PLAIN)
    bare = "".join(part for part in parts if is_plain(part))
    return bare or UNKNOWN
