"""Companies in disguise: who is in BlueOps, who of them is in the books under another spelling, and who only looks so.

`crowd(seed)` answers both sides and the truth. It knows nothing of how they are compared.
"""

import random
from collections.abc import Callable

import attrs

GIVEN = {
    "Robert": "Bob", "William": "Bill", "Elizabeth": "Liz", "James": "Jim", "Margaret": "Peggy", "Richard": "Rick",
    "Katherine": "Kathy", "Michael": "Mike", "Thomas": "Tom", "Susan": "Sue", "Edward": "Ted", "Patricia": "Pat",
    "Charles": "Chuck", "Deborah": "Debbie", "Daniel": "Dan", "Jennifer": "Jen", "Joseph": "Joe", "Rebecca": "Becky",
    "Anthony": "Tony", "Barbara": "Barb", "Lawrence": "Larry", "Kimberly": "Kim", "Gregory": "Greg", "Pamela": "Pam",
    "Benjamin": "Ben", "Christina": "Tina", "Samuel": "Sam", "Victoria": "Vicky", "Timothy": "Tim", "Andrew": "Andy",
    "Steven": "Steve", "Cynthia": "Cindy", "Kenneth": "Ken", "Jacqueline": "Jackie", "Ronald": "Ron", "Judith": "Judy",
    "Matthew": "Matt", "Abigail": "Abby", "Nathaniel": "Nate", "Theresa": "Terry",
}  # fmt: skip
FAMILY = [
    "Alvarez",
    "Anderson",
    "Barlow",
    "Bennett",
    "Castellano",
    "Chen",
    "Connolly",
    "Delgado",
    "Donovan",
    "Ellison",
    "Fairchild",
    "Ferraro",
    "Fitzgerald",
    "Gallagher",
    "Goldberg",
    "Graves",
    "Hagen",
    "Harrington",
    "Henderson",
    "Hoffman",
    "Ibarra",
    "Jankowski",
    "Jefferson",
    "Kaplan",
    "Keller",
    "Kowalski",
    "Lindqvist",
    "Lombardi",
    "MacArthur",
    "Marchetti",
    "McAllister",
    "Mendoza",
    "Nakamura",
    "Novak",
    "OBrien",
    "Oconnor",
    "Okafor",
    "Palmer",
    "Petersen",
    "Quintero",
    "Ramirez",
    "Rasmussen",
    "Reynolds",
    "Rosenthal",
    "Sandoval",
    "Schneider",
    "Sullivan",
    "Takahashi",
    "Thornton",
    "Underwood",
    "Valdez",
    "Vandenberg",
    "Wallace",
    "Whitfield",
    "Yamamoto",
    "Zimmerman",
    "Abernathy",
    "Blackwell",
    "Carmichael",
    "Dunleavy",
    "Easterbrook",
    "Featherstone",
]
FIRST_WORDS = [
    "Harbor",
    "Summit",
    "Cedar",
    "Redwood",
    "Pinecrest",
    "Silverado",
    "Lakeshore",
    "Granite",
    "Meadowbrook",
    "Northgate",
    "Ironwood",
    "Bluebird",
    "Copperfield",
    "Sagebrush",
    "Truckee",
    "Riverside",
    "Foxglove",
    "Kingsley",
    "Maplewood",
    "Windmill",
    "Stonebridge",
    "Evergreen",
    "Juniper",
    "Cascade",
    "Mariposa",
    "Sierra",
    "Aspen",
    "Brookhaven",
    "Canyon",
    "Willow",
]
TRADES = [
    "Dental",
    "Bakery",
    "Property_Management",
    "Auto_Repair",
    "Realty",
    "Apartments",
    "Brewing",
    "Veterinary_Clinic",
    "Fitness",
    "Law_Group",
    "Construction",
    "Storage",
    "Preschool",
    "Hotel",
    "Market",
    "Chiropractic",
    "Nursery",
    "Investments",
    "Restaurant",
    "Pharmacy",
]
FORMS = ("Inc", "LLC", "Corp", "Ltd")
STREETS = [
    "Oak",
    "Maple",
    "Plumas",
    "Wells",
    "Virginia",
    "Liberty",
    "Ridgeview",
    "Keystone",
    "Mayberry",
    "Skyline",
    "Arlington",
    "Lakeside",
]
TYPES = (("Street", "St"), ("Avenue", "Ave"), ("Drive", "Dr"), ("Lane", "Ln"), ("Boulevard", "Blvd"))
CITIES = (
    ("Reno", "89501"),
    ("Sparks", "89431"),
    ("Carson City", "89701"),
    ("Truckee", "96161"),
    ("Reno", "89509"),
)
ROOMS = ("Kitchen Remodel", "Bath Remodel", "Water Heater", "Repipe", "New Roof", "Sewer Line")


@attrs.frozen(kw_only=True)
class Party:
    """Somebody as one side writes him down."""

    name: str
    company: str = ""
    given: str = ""
    family: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    city: str = ""
    zip: str = ""
    #: What was done to the name, for the report of a test that fails.
    how: str = ""


@attrs.frozen(kw_only=True)
class Crowd:
    """Both sides. `truth` says which of `ours` is which of `theirs`, by position; whoever is missing is in one only."""

    ours: tuple[Party, ...]
    theirs: tuple[Party, ...]
    truth: dict[int, int]


def crowd(seed: int, *, ours: int = 500, both: int = 200, near: int = 100, others: int = 0) -> Crowd:
    """So many of ours, so many of them in the books in disguise, so many there that only look like one of ours."""
    maker = _Maker(random.Random(seed))
    here = [maker.somebody() for _ in range(ours)]
    order = list(range(ours))
    maker.chance.shuffle(order)
    there: list[Party] = []
    truth: dict[int, int] = {}
    for place in order[:both]:
        how = maker.chance.choice(DISGUISES)
        here[place], other = how(maker, here[place], here)
        truth[place] = len(there)
        there.append(maker.kept(other))
    # Near misses are made from people who are in the books as well as from those who are not.
    for place in maker.chance.sample(order[: both // 2] + order[both:], near):
        here[place], other = maker.chance.choice(NEAR_MISSES)(maker, here[place])
        there.append(other)
    there += [maker.somebody() for _ in range(others)]
    shuffled = list(range(len(there)))
    maker.chance.shuffle(shuffled)
    where = {old: new for new, old in enumerate(shuffled)}
    return Crowd(
        ours=tuple(here),
        theirs=tuple(there[old] for old in shuffled),
        truth={place: where[old] for place, old in truth.items()},
    )


@attrs.define
class _Maker:
    """Draws people and companies; no two have one name."""

    chance: random.Random
    _names: set[str] = attrs.field(factory=set)

    def somebody(self) -> Party:
        return self.person() if self.chance.random() < 0.55 else self.firm()

    def person(self, family: str = "", **contacts: str) -> Party:
        while True:
            given, last = self.chance.choice(sorted(GIVEN)), family or self.chance.choice(FAMILY)
            name = f"{given} {last}"
            if family or name not in self._names:
                break
            if len(self._names) > 1500:
                name = f"{given} {self.chance.choice('ABCDEGHJKL')}. {last}"
                break
        self._names.add(name)
        mail = f"{given[0]}{last}{self.chance.randrange(100)}@example.com".lower()
        return Party(
            **{"name": name, "given": given, "family": last, "email": mail, **self.home(), **contacts}
        )

    def firm(self, form: str = "") -> Party:
        while True:
            stem = f"{self.chance.choice(FIRST_WORDS)} {self.chance.choice(TRADES).replace('_', ' ')}"
            if self.chance.random() < 0.4:
                stem = f"{self.chance.choice(FAMILY)} {stem.split(maxsplit=1)[1]}"
            if stem not in self._names or len(self._names) > 1500:
                break
        self._names.add(stem)
        form = form or self.chance.choice((*FORMS, ""))
        box = self.chance.choice(("office", "billing", "info", self.chance.choice(sorted(GIVEN)).lower()))
        mail = f"{box}@{stem.replace(' ', '').lower()}{self.chance.randrange(100)}.example"
        return Party(
            **{
                "name": f"{stem} {form}".strip(),
                "company": f"{stem} {form}".strip(),
                "email": mail,
                **self.home(),
            }
        )

    def home(self) -> dict[str, str]:
        city, zip = self.chance.choice(CITIES)
        kind = self.chance.choice(TYPES)[0]
        unit = f" Apt {self.chance.randrange(1, 30)}" if self.chance.random() < 0.15 else ""
        return {
            "street": f"{self.chance.randrange(100, 4000)} {self.chance.choice(STREETS)} {kind}{unit}",
            "city": city,
            "zip": zip,
            "phone": f"775{self.chance.randrange(2_000_000, 9_999_999)}",
        }

    def kept(self, one: Party) -> Party:
        """What the books have of somebody's contacts, as another clerk typed it: most, seldom all, at times none."""
        chance = self.chance.random
        street = one.street
        if chance() < 0.5:
            for long, short in TYPES:
                street = street.replace(long, short)
        street = street.replace(" Apt ", self.chance.choice((" #", " Apt ", ", Unit ")))
        phone = one.phone
        if phone and chance() < 0.7:
            phone = self.chance.choice(("({}) {}-{}", "{}-{}-{}", "+1 {} {} {}")).format(
                phone[:3], phone[3:6], phone[6:]
            )
        email = one.email.upper() if chance() < 0.1 else one.email
        email = self._perhaps(email, gone=0.15, moved=lambda: f"new.{email}" if email else "")
        phone = self._perhaps(phone, gone=0.12, moved=lambda: self.home()["phone"])
        if chance() < 0.12:
            return attrs.evolve(one, email=email, phone=phone, street="", city="", zip="")
        return attrs.evolve(one, email=email, phone=phone, street=street)

    def _perhaps(self, text: str, *, gone: float, moved: Callable[[], str]) -> str:
        draw = self.chance.random()
        return "" if draw < gone else moved() if draw < gone + 0.07 else text


# -- the same in disguise ------------------------------------------------------------------------------
Pair = tuple[Party, Party]


def _nickname(maker: _Maker, one: Party, _crowd: list[Party]) -> Pair:
    if not one.given:
        return _form(maker, one, _crowd)
    short = GIVEN[one.given]
    return one, attrs.evolve(one, name=f"{short} {one.family}", given=short, how="nickname")


def _form(maker: _Maker, one: Party, _crowd: list[Party]) -> Pair:
    if one.given:
        return _moved(maker, one, _crowd)
    stem, _, last = one.name.rpartition(" ")
    stem = stem if last in FORMS else one.name
    form = maker.chance.choice((", Inc.", " LLC", " L.L.C.", " Co.", "", " Incorporated"))
    return one, attrs.evolve(one, name=f"{stem}{form}", company=f"{stem}{form}", how="form")


def _moved(maker: _Maker, one: Party, _crowd: list[Party]) -> Pair:
    if one.given:
        name = maker.chance.choice((f"{one.family}, {one.given}", f"{one.family} {one.given}"))
        return one, attrs.evolve(one, name=name, how="moved")
    first, _, rest = one.name.partition(" ")
    words = rest.split()
    form = words.pop() if words and words[-1] in FORMS else ""
    return one, attrs.evolve(one, name=" ".join([*words, first, form]).strip(), company="", how="moved")


def _slip(maker: _Maker, one: Party, _crowd: list[Party]) -> Pair:
    words = one.name.split()
    long = [n for n, word in enumerate(words) if len(word) >= 6] or [len(words) - 1]
    place = maker.chance.choice(long)
    word = words[place]
    at = maker.chance.randrange(1, max(2, len(word) - 1))
    kind = maker.chance.randrange(4)
    letter = maker.chance.choice("aeiorstln")
    words[place] = (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
    )[kind]
    return one, attrs.evolve(one, name=" ".join(words), company="", given="", family="", how="slip")


def _shared_email(maker: _Maker, one: Party, crowd: list[Party]) -> Pair:
    """Somebody whose e-mail another one of ours has too, under a slightly different name."""
    mail = maker.chance.choice([other.email for other in crowd if other.email])
    one = attrs.evolve(one, email=mail)
    if one.given:
        return one, attrs.evolve(
            one, name=f"{one.given[0]}. {one.family}", given="", family="", how="shared e-mail"
        )
    return one, attrs.evolve(one, name=one.name.replace(" ", "  ").upper(), how="shared e-mail")


def _job_name(maker: _Maker, one: Party, _crowd: list[Party]) -> Pair:
    room = maker.chance.choice(ROOMS)
    name = maker.chance.choice((f"{one.name} - {room}", f"{one.name} ({room})", f"{one.name}: {room}"))
    return one, attrs.evolve(one, name=name, how="job name")


def _middle(maker: _Maker, one: Party, _crowd: list[Party]) -> Pair:
    if not one.given:
        return _slip(maker, one, _crowd)
    letter = maker.chance.choice("ABCDEFGJKLMRSTW")
    return one, attrs.evolve(one, name=f"{one.given} {letter}. {one.family}", how="initial")


def _two(maker: _Maker, one: Party, crowd: list[Party]) -> Pair:
    """Two at once: the short form, and the family name first."""
    if not one.given:
        here, other = _form(maker, one, crowd)
        return here, attrs.evolve(other, name=other.name.replace("Property", "Prop").upper(), how="two")
    return one, attrs.evolve(one, name=f"{one.family}, {GIVEN[one.given]}", given="", family="", how="two")


DISGUISES = (_nickname, _form, _moved, _slip, _shared_email, _job_name, _middle, _two)


# -- others who only look so ---------------------------------------------------------------------------
def _generation(maker: _Maker, one: Party) -> Pair:
    """Father and son in one house, with one phone; the books have the other one."""
    if not one.given:
        return _two_companies(maker, one)
    pair = maker.chance.choice((("Sr", "Jr"), ("Sr.", "III"), ("II", "III")))
    other = attrs.evolve(
        one, name=f"{one.name} {pair[1]}", email=maker.chance.choice((one.email, "")), how="generation"
    )
    return attrs.evolve(one, name=f"{one.name} {pair[0]}"), other


def _same_street(maker: _Maker, one: Party) -> Pair:
    """A neighbour, at times of the same family."""
    number, _, street = one.street.partition(" ")
    if not number.isdigit():
        return _household(maker, one)
    family = one.family if maker.chance.random() < 0.5 else ""
    there = maker.person(family, street=f"{int(number) + 2} {street}", city=one.city, zip=one.zip)
    if there.given == one.given:
        return _household(maker, one)
    return one, attrs.evolve(there, how="same street")


def _two_companies(maker: _Maker, one: Party) -> Pair:
    """Two companies of nearly one name, each with its own address and phone; at times one owner's e-mail."""
    if one.given:
        return _household(maker, one)
    stem, _, last = one.name.rpartition(" ")
    stem, form = (stem, last) if last in FORMS else (one.name, "LLC")
    here = attrs.evolve(one, name=f"{stem} {form}", company=f"{stem} {form}")
    other_form = next(f for f in FORMS if f != form)
    name = maker.chance.choice(
        (f"{stem} {other_form}", f"{stem} Holdings {form}", f"{stem} East {form}", f"{stem} 2 {form}")
    )
    mail = one.email if maker.chance.random() < 0.3 else f"x{one.email}"
    there = Party(**{"name": name, "company": name, "email": mail, **maker.home(), "how": "two companies"})
    return here, there


def _household(maker: _Maker, one: Party) -> Pair:
    """Husband and wife: one e-mail, one phone, one address, two people."""
    if not one.given:
        return _two_companies(maker, one)
    while (given := maker.chance.choice(sorted(GIVEN))) == one.given:
        pass
    return one, attrs.evolve(one, name=f"{given} {one.family}", given=given, how="household")


def _namesake(maker: _Maker, one: Party) -> Pair:
    """The same name or its short form, and nothing else in common."""
    if not one.given:
        return _two_companies(maker, one)
    given = maker.chance.choice((one.given, GIVEN[one.given]))
    there = Party(
        **{
            "name": f"{given} {one.family}",
            "email": f"other{maker.chance.randrange(10**6)}@example.org",
            **maker.home(),
            "how": "namesake",
        }
    )
    return one, there


def _moved_in(maker: _Maker, one: Party) -> Pair:
    """Who lives there now: the address of one of ours, another name."""
    return one, attrs.evolve(maker.person(street=one.street, city=one.city, zip=one.zip), how="moved in")


NEAR_MISSES = (_generation, _same_street, _two_companies, _household, _namesake, _moved_in)
