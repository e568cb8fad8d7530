"""Pictures of the set-up: where to click in Windows, in QuickBooks and in the Web Connector, step by step.

They are drawn, not photographed: windows with the words that matter, and a number where the hand goes. The words are
those of the dialogs as reference/quickbooks-desktop.md section 2 tells them; other versions word
them a little otherwise.
"""

from __future__ import annotations

from html import escape

import attrs

from blueops_qb.sdk.provider import Picture

_WIDTH = 560
#: Fixed colours on a ground of their own: a picture looks the same on a light and on a dark page.
_STYLE = (
    "text{font:13px 'Segoe UI',system-ui,sans-serif;fill:#1b2430}"
    ".w{fill:#fff;stroke:#8594a8}.t{fill:#dfe6ef}.b{fill:#f1f4f8;stroke:#8594a8}.f{fill:#fff;stroke:#5f6f85}"
    ".s{fill:#cfe3fa}.r{fill:none;stroke:#c2410c;stroke-width:3}.n,.p{fill:#c2410c}"
    ".n+text{fill:#fff;font-weight:700;text-anchor:middle}.m{text-anchor:middle}.q{fill:#55637a}.d{font-weight:600}"
)


@attrs.define
class _Sheet:
    """A picture that is being drawn; positions and sizes in points from the upper left corner."""

    height: int
    title: str
    parts: list[str] = attrs.field(factory=list)

    def text(self, x: float, y: float, words: str, *, kind: str = "") -> None:
        named = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}"{named}>{escape(words)}</text>')

    def box(self, x: float, y: float, width: float, height: float, *, kind: str, round_: int = 3) -> None:
        self.parts.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_}"/>'
        )

    def window(self, title: str) -> None:
        """One window that fills the sheet, with its title."""
        self.box(8, 8, _WIDTH - 16, self.height - 16, kind="w", round_=6)
        self.box(9, 9, _WIDTH - 18, 28, kind="t", round_=6)
        self.text(22, 28, title, kind="d")
        self.text(_WIDTH - 34, 28, "x")

    def button(self, x: float, y: float, words: str, *, width: float = 110) -> None:
        self.box(x, y, width, 28, kind="b")
        self.text(x + width / 2, y + 19, words, kind="m")

    def choice(self, x: float, y: float, words: str, *, chosen: bool) -> None:
        """A round choice."""
        self.parts.append(f'<circle class="f" cx="{x + 7:g}" cy="{y - 4:g}" r="7"/>')
        if chosen:
            self.parts.append(f'<circle class="p" cx="{x + 7:g}" cy="{y - 4:g}" r="3.5"/>')
        self.text(x + 22, y, words)

    def tick(self, x: float, y: float, words: str = "") -> None:
        """A ticked box."""
        self.box(x, y - 12, 14, 14, kind="f", round_=2)
        self.parts.append(f'<path class="r" style="stroke-width:2" d="M{x + 3:g} {y - 5:g}l3 4 6-8"/>')
        if words:
            self.text(x + 22, y, words)

    def here(self, number: int, x: float, y: float, width: float, height: float) -> None:
        """A frame round where the hand goes, with its number."""
        self.box(x, y, width, height, kind="r", round_=7)
        self.parts.append(f'<circle class="n" cx="{x + width:g}" cy="{y:g}" r="11"/>')
        self.text(x + width, y + 4.5, str(number))

    def done(self) -> Picture:
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {self.height}" '
            f'width="{_WIDTH}" height="{self.height}" role="img"><title>{escape(self.title)}</title>'
            f'<style>{_STYLE}</style><rect width="{_WIDTH}" height="{self.height}" rx="8" fill="#eef2f7"/>'
            f"{''.join(self.parts)}</svg>"
        )
        return Picture(svg=svg, words=self.title)


def single_user() -> Picture:
    """The company file, opened alone by its administrator."""
    sheet = _Sheet(
        190,
        "QuickBooks, signed in as Admin, with the menu File open: 1 the entry “Switch to Single-user Mode”. Where it "
        "reads “Switch to Multi-user Mode”, the file is in single-user mode already.",
    )
    sheet.window("Your company - QuickBooks Desktop (Admin)")
    sheet.box(9, 37, _WIDTH - 18, 24, kind="b", round_=0)
    for place, menu in enumerate(("File", "Edit", "View", "Lists", "Customers", "Vendors")):
        sheet.text(24 + place * 74, 54, menu)
    sheet.box(16, 61, 290, 112, kind="w", round_=2)
    for place, entry in enumerate(
        ("Open or Restore Company…", "Switch to Single-user Mode", "Utilities", "Exit")
    ):
        sheet.text(30, 83 + place * 25, entry)
    sheet.here(1, 20, 91, 280, 26)
    return sheet.done()


def open_file() -> Picture:
    """The downloaded file, opened in Windows."""
    sheet = _Sheet(
        170,
        "The folder Downloads in Windows: 1 a double click on the file whose name ends in .qwc opens it with the Web "
        "Connector.",
    )
    sheet.window("Downloads")
    sheet.text(30, 62, "Name", kind="q")
    sheet.text(300, 62, "Type", kind="q")
    sheet.box(20, 74, _WIDTH - 40, 30, kind="s")
    sheet.text(30, 94, "blueops.qwc")
    sheet.text(300, 94, "QuickBooks Web Connector file")
    sheet.text(30, 128, "Invoice template.docx", kind="q")
    sheet.text(300, 128, "Word document", kind="q")
    sheet.here(1, 20, 74, 190, 30)
    return sheet.done()


def allow() -> Picture:
    """The question of QuickBooks whether BlueOps may come in."""
    sheet = _Sheet(
        300,
        "QuickBooks asks about the application BlueOps: 1 choose “Yes, always; allow access even if QuickBooks is not "
        "running”, 2 choose the user that it logs in as, 3 press Continue and confirm with Done.",
    )
    sheet.window("QuickBooks - Application Certificate")
    sheet.text(28, 62, "An application is requesting access to the following company file:")
    sheet.text(28, 82, "BlueOps", kind="d")
    sheet.text(28, 112, "Do you want to allow this application to read and modify this company file?")
    for place, words in enumerate(
        (
            "No",
            "Yes, prompt each time",
            "Yes, whenever this QuickBooks company file is open",
            "Yes, always; allow access even if QuickBooks is not running",
        )
    ):
        sheet.choice(40, 138 + place * 24, words, chosen=place == 3)
    sheet.text(62, 238, "Login as:")
    sheet.box(130, 222, 180, 24, kind="f")
    sheet.text(140, 239, "BlueOps connector")
    sheet.button(310, 256, "Continue…")
    sheet.button(430, 256, "Cancel")
    sheet.here(1, 32, 192, 440, 26)
    sheet.here(2, 126, 219, 190, 30)
    sheet.here(3, 306, 253, 116, 34)
    return sheet.done()


def password() -> Picture:
    """The password in the list of the Web Connector, Auto-Run, and the first run."""
    sheet = _Sheet(
        260,
        "The Web Connector with BlueOps in its list: 1 click into the column Password, paste the password of BlueOps "
        "and press Enter, then say Yes to saving it, 2 tick Auto-Run, 3 tick the line and press Update Selected for "
        "the first run.",
    )
    sheet.window("QuickBooks Web Connector")
    sheet.button(24, 48, "Update Selected", width=130)
    sheet.button(170, 48, "Add an application", width=150)
    names = (("Auto-Run", 62), ("Application", 140), ("Status", 240), ("Every min", 340), ("Password", 440))
    sheet.box(20, 92, _WIDTH - 40, 28, kind="t")
    for words, x in names:
        sheet.text(x, 111, words, kind="q")
    sheet.box(20, 120, _WIDTH - 40, 40, kind="s", round_=0)
    sheet.tick(30, 146)
    sheet.tick(80, 146)
    sheet.text(140, 145, "BlueOps", kind="d")
    sheet.text(240, 145, "Not run yet")
    sheet.text(350, 145, "15")
    sheet.box(436, 128, 96, 24, kind="f")
    sheet.text(444, 145, "••••••••")
    sheet.text(24, 196, "After the first run the column Status says what was done,", kind="q")
    sheet.text(24, 216, "and the overview of BlueOps shows when the Web Connector last came.", kind="q")
    sheet.here(1, 432, 124, 104, 32)
    sheet.here(2, 72, 126, 30, 30)
    sheet.here(3, 20, 44, 138, 36)
    return sheet.done()
