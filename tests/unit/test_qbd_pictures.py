"""Pictures of the set-up: every place that the words number is on the picture, inside it, and nothing in it runs."""

import re

import pytest
from lxml import etree

from blueops_qb.providers.qbd.provider import QbdProvider
from blueops_qb.sdk.provider import Picture

SVG = "{http://www.w3.org/2000/svg}"
PICTURES = {step.key: step.picture for step in QbdProvider().describe().steps if step.picture is not None}


def test_what_is_done_on_that_computer_has_a_picture() -> None:
    assert set(PICTURES) == {"company", "file", "allow", "password"}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_the_words_name_the_numbers_that_are_drawn(picture: Picture) -> None:
    root = etree.fromstring(picture.svg.encode())
    drawn = [
        text.text for text in root.iter(f"{SVG}text") if (text.text or "").isdigit() and text.text != "15"
    ]
    assert drawn == sorted(re.findall(r"\b\d\b", picture.words))
    assert root.findtext(f"{SVG}title") == picture.words


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_everything_is_drawn_inside_and_nothing_runs(picture: Picture) -> None:
    root = etree.fromstring(picture.svg.encode())
    width, height = (float(root.get(name, "0")) for name in ("width", "height"))
    known = {f"{SVG}{name}" for name in ("svg", "title", "style", "rect", "text", "circle", "path")}
    assert {element.tag for element in root.iter()} <= known
    for element in root.iter(f"{SVG}rect"):
        x, y, wide, high = (float(element.get(name, "0")) for name in ("x", "y", "width", "height"))
        assert x + wide <= width, element.attrib
        assert y + high <= height, element.attrib
    names = {str(name) for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]
