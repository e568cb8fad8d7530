"""Match words: names, e-mail addresses, phone numbers and postal addresses in forms that can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import attrs

from blueops_qb.domain.records import Address

#: Forms of business by spelling; two spellings of one form are the same.
FORMS: dict[str, str] = {
    **dict.fromkeys(("inc", "incorporated"), "inc"),
    **dict.fromkeys(("corp", "corporation"), "corp"),
    **dict.fromkeys(("co", "company"), "co"),
    **dict.fromkeys(("ltd", "limited"), "ltd"),
    **{form: form for form in ("llc", "llp", "lp", "lllp", "pc", "pllc", "plc", "dba", "pa", "gmbh")},
}
#: Generations; the same name in another generation is another person.
GENERATIONS: dict[str, str] = {
    **dict.fromkeys(("jr", "junior"), "jr"),
    **dict.fromkeys(("sr", "senior"), "sr"),
    **dict.fromkeys(("ii", "2nd"), "ii"),
    **dict.fromkeys(("iii", "3rd"), "iii"),
    **dict.fromkeys(("iv", "4th"), "iv"),
}
#: What cannot be the given name after a comma.
COMPANY_FORMS = frozenset(FORMS) | frozenset(GENERATIONS)
#: Titles, by whom they may stand for.
TITLES: dict[str, str] = {"mr": "m", "mrs": "f", "ms": "f", "miss": "f", "dr": "", "prof": "", "rev": ""}
#: Words that tell nothing.
SILENT = frozenset({"the", "of", "and", "an", "for", "at", "attn"})
#: Words of trade that many companies have; alone they tell nobody.
_COMMON_TEXT = """
plumbing heating cooling air electric electrical service services construction contracting
contractor contractors builders building roofing painting landscaping property properties management
group holdings enterprises solutions systems associates partners investments rentals realty homes
home house apartments center restaurant bar cafe grill market store shop church school dental auto
repair supply design american national first new north south east west general united industries
international development brothers sons family trust estate llc remodel kitchen bath bathroom roof
job project unit main street city county
"""
COMMON = frozenset(_COMMON_TEXT.split())
#: Abbreviations beside the word they stand for.
ABBREVIATIONS: dict[str, str] = {
    "svc": "service",
    "svcs": "service",
    "services": "service",
    "serv": "service",
    "bros": "brothers",
    "mfg": "manufacturing",
    "plbg": "plumbing",
    "plumb": "plumbing",
    "htg": "heating",
    "elec": "electric",
    "electrical": "electric",
    "assoc": "associates",
    "assn": "association",
    "apt": "apartment",
    "apts": "apartments",
    "mgmt": "management",
    "mgt": "management",
    "prop": "property",
    "props": "properties",
    "constr": "construction",
    "const": "construction",
    "ctr": "center",
    "centre": "center",
    "intl": "international",
    "natl": "national",
    "bldg": "building",
    "bldrs": "builders",
    "grp": "group",
    "tech": "technologies",
    "technology": "technologies",
    "sys": "systems",
    "ent": "enterprises",
    "dev": "development",
    "mount": "mt",
    "saint": "st",
    "street": "st",
    "avenue": "ave",
    "ins": "insurance",
    "ste": "suite",
    "rem": "remodel",
    "reno": "renovation",
    "no": "number",
    "dept": "department",
    "hosp": "hospital",
    "univ": "university",
    "rest": "restaurant",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
}
#: In a name a single letter is an initial, not a point of the compass.
_INITIALS = frozenset("nsew")
_STREETS: dict[str, str] = {
    "street": "st",
    "avenue": "ave",
    "av": "ave",
    "road": "rd",
    "drive": "dr",
    "lane": "ln",
    "boulevard": "blvd",
    "court": "ct",
    "place": "pl",
    "circle": "cir",
    "terrace": "ter",
    "parkway": "pkwy",
    "highway": "hwy",
    "square": "sq",
    "trail": "trl",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "northeast": "ne",
    "northwest": "nw",
    "southeast": "se",
    "southwest": "sw",
    "saint": "st",
    "mount": "mt",
    "first": "1st",
    "second": "2nd",
    "third": "3rd",
}
_UNITS = frozenset({"apt", "apartment", "unit", "suite", "ste", "no", "number", "fl", "floor", "rm", "room"})
_TYPES = frozenset(
    ["st", "ave", "rd", "dr", "ln", "blvd", "ct", "pl", "cir", "ter", "pkwy", "hwy", "sq", "trl", "way"]
)
#: Mailboxes of an office rather than a person.
_ROLE_MAILBOXES_TEXT = """
office info admin billing ap ar accounts accounting accountspayable payables contact sales support
hello mail service manager management invoices invoice reception frontdesk team orders bookkeeping
bookkeeper noreply
"""
ROLE_MAILBOXES = frozenset(_ROLE_MAILBOXES_TEXT.split())
_SILENT = re.compile(r"[.'\u2019`]+")
_OTHER = re.compile(r"[^\w]+|_+")
_NOTE = re.compile(r"\(([^)]*)\)")
_BREAK = re.compile(r"\s+[-\u2013\u2014|/]\s+|\s*[:;]\s*|\s+(?:re|attn|c/o|dba)\s+")


def normal_name(text: str) -> str:
    """A name for comparison: compatibility characters, case, punctuation and spaces do not count.

    `Last, First` is `First Last`. The form of a company counts (`Acme Inc` is not `Acme LLC`), its
    spelling does not (`A.B.C. Inc.` is `abc inc`). Text without a letter or digit stays as it is.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    last, comma, first = folded.partition(",")
    if comma and "," not in first and words(first) and not COMPANY_FORMS & set(words(first)):
        folded = f"{first} {last}"
    return " ".join(words(folded)) or " ".join(folded.split())


def words(folded: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return _OTHER.sub(" ", _SILENT.sub("", folded.replace("&", " and "))).split()


def normal_email(text: str) -> str:
    """An e-mail address for comparison."""
    return text.strip().lower()


def is_role_mailbox(email: str) -> bool:
    """Whether an address belongs to an office rather than a person."""
    return "".join(c for c in email.partition("@")[0] if c.isalpha()) in ROLE_MAILBOXES


def normal_phone(text: str) -> str:
    """The last ten digits of a phone number, empty for fewer than seven."""
    digits = "".join(char for char in text if char.isdecimal())
    return digits[-10:] if len(digits) >= 7 else ""


# -- names as words with roles -------------------------------------------------------------------------
@attrs.frozen(slots=True)
class NameParts:
    """A name taken apart: `telling` are the words that remain, abbreviations written out, accents folded."""

    telling: tuple[str, ...]
    form: str = ""
    generation: str = ""
    title: str = ""
    numbers: frozenset[str] = frozenset()

    #: The words in an order of their own, so that moved words do not count; and all of them in one.
    bag: tuple[str, ...] = attrs.field(init=False, eq=False)
    run: str = attrs.field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "bag", tuple(sorted(self.telling)))
        object.__setattr__(self, "run", "".join(self.telling))


@lru_cache(maxsize=4096)
def name_parts(text: str) -> NameParts:
    """A name taken apart; words that tell nothing are left out unless nothing else is there."""
    spelled = normal_name(text).split()
    form = generation = title = ""
    telling: list[str] = []
    numbers: set[str] = set()
    for position, word in enumerate(spelled):
        plain = ascii_folded(word)
        if plain in FORMS and position:
            form = form or FORMS[plain]
        elif plain in GENERATIONS and position:
            generation = generation or GENERATIONS[plain]
        elif plain in TITLES and not telling and len(spelled) > 1:
            title = title or TITLES[plain] or title
        elif plain in SILENT:
            continue
        else:
            if any(char.isdigit() for char in plain):
                numbers.add(plain.lstrip("0") or plain)
            telling.append(plain if plain in _INITIALS else ABBREVIATIONS.get(plain, plain))
    if not telling:
        telling = [ascii_folded(word) for word in spelled]
    return NameParts(tuple(telling), form, generation, title, frozenset(numbers))


def ascii_folded(word: str) -> str:
    """A word without accents, where that leaves anything."""
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char)) or word


def base_name(text: str) -> str:
    """The name without what somebody added to tell a job: after a dash or colon, or in brackets.

    Empty when nothing was added.
    """
    bare = _NOTE.sub(" ", text)
    head = _BREAK.split(bare, maxsplit=1)[0].strip()
    return head if head and head != text.strip() else ""


# -- postal addresses ----------------------------------------------------------------------------------
@attrs.frozen(slots=True)
class Place:
    """A postal address taken apart: house number, words of the street, unit, ZIP code, city."""

    number: str
    street: tuple[str, ...]
    unit: str
    zip: str
    city: str

    @property
    def key(self) -> str:
        """Number, first word of the street and ZIP code or city: what neighbours do not share."""
        return f"{self.number} {self.street[0] if self.street else ''} {self.zip or self.city}"


def place_of(address: Address | None) -> Place | None:
    """An address taken apart; None without a street."""
    if address is None:
        return None
    return _place(address.line1, address.line2, address.city, address.postal_code)


@lru_cache(maxsize=4096)
def _place(line1: str, line2: str, city: str, postal_code: str) -> Place | None:
    spelled = words((f"{line1} # {line2}" if line2 else line1).casefold().replace("#", " no "))
    number = ""
    street: list[str] = []
    unit = ""
    await_unit = False
    for word in spelled:
        if await_unit:
            await_unit = False
            if word not in _UNITS:
                unit = word
                continue
        if word in _UNITS and (number or street):
            await_unit = True
        elif not number and any(char.isdigit() for char in word) and not street:
            number = word
        elif unit:
            continue
        else:
            street.append(_STREETS.get(ascii_folded(word), ascii_folded(word)))
    if not street and not number:
        return None
    kept = [word for word in street if word not in _TYPES] or street
    return Place(
        number,
        tuple(kept),
        unit,
        "".join(c for c in postal_code if c.isdecimal())[:5],
        city.casefold().strip(),
    )
