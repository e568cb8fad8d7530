"""The page of faults shows the matrix cell by cell as the engine is tested against it."""

from pathlib import Path

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.fault_matrix import KINDS, NEVER, VERBS, cells, upload_cell
from blueops_qb.providers.qbo.faults import RULES
from blueops_qb.providers.qbo.matrix_trials import TRIALS, UPLOAD_TRIALS
from blueops_qb.sdk.provider import Verb
from tests.doc_pages import REFERENCE

Key = tuple[str, Verb, BooksKind]
PAGE = REFERENCE / "qbo-faults.md"


def rows(page: Path, heading: str) -> list[list[str]]:
    text = page.read_text(encoding="utf-8").split(heading, 1)[1]
    table = text.split("\n\n|", 1)[1].split("\n\n")[0]
    return [[part.strip() for part in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def kinds_in(verb: Verb, text: str) -> list[BooksKind]:
    if text == "-":
        return []
    return (
        [kind for kind in KINDS if (verb, kind) not in NEVER]
        if text == "all"
        else [BooksKind(name) for name in text.split(", ")]
    )


def test_every_cell_of_the_matrix_is_on_the_page_once() -> None:
    shown: dict[Key, tuple[str, str, str]] = {}
    for fault, _, *writes, stands, health, step in rows(PAGE, "## What becomes of each kind of write"):
        for verb, text in zip(VERBS, writes, strict=True):
            for kind in kinds_in(verb, text):
                assert (fault, verb, kind) not in shown
                shown[fault, verb, kind] = (stands.strip("`"), health.strip("`"), step)
    cannot: dict[Key, str] = {}
    for fault, *writes, why in rows(PAGE, "### Where a fault cannot occur"):
        for verb, text in zip(VERBS, writes, strict=True):
            for kind in kinds_in(verb, text):
                cannot[fault, verb, kind] = why
    for trial, verb, kind, met in cells():
        key = (trial.name, verb, kind)
        if (verb, kind) in NEVER:
            assert cannot["every one", verb, kind] == met.cannot
        elif met.cannot:
            assert key not in shown
            assert cannot.pop(key) == met.cannot
        else:
            assert shown.pop(key) == (met.stands, met.health, f"{met.next}.")
    assert shown == {}
    assert {fault for fault, _, _ in cannot} == {"every one"}


def test_every_upload_is_on_the_page() -> None:
    shown = {fault: tuple(rest) for fault, *rest in rows(PAGE, "### The upload of a file")}
    for trial in UPLOAD_TRIALS:
        met = upload_cell(trial)
        assert shown.pop(trial.name) == (f"`{met.stands}`", f"`{met.health}`", f"{met.next}.")
    assert shown == {}


def test_the_matrix_holds_every_error_that_an_accountant_meets() -> None:
    tried = {trial.code for trial in TRIALS}
    named = [
        "6540",
        "620",
        "6000",
        "6070",
        "6140",
        "6190",
        "6240",
        "610",
        "2500",
        "5010",
        "3200",
        "120",
        "3001",
    ]
    assert set(named) <= tried
    assert {trial.status for trial in TRIALS} >= {401, 403, 429, 500}
    assert {trial.form for trial in TRIALS} >= {"gateway", "xml", "html", "unavailable", "error_before"}
    assert len({trial.name for trial in TRIALS}) == len(TRIALS)


def test_every_row_with_words_of_its_own_is_tried_where_a_code_says_several_things() -> None:
    several = {rule.code for rule in RULES if rule.pattern}
    for code in several:
        texts = [f"{trial.message} {trial.detail}" for trial in TRIALS if trial.code == code]
        for rule in (rule for rule in RULES if rule.code == code and rule.pattern):
            assert any(rule.fits(text) for text in texts), f"{code}: no trial meets {rule.pattern!r}"
