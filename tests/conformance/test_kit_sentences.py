"""Every sentence with which a case of the kit fails has been said of some broken provider."""

import ast
import traceback
from collections.abc import Iterator
from pathlib import Path

from blueops_qb.sdk import testing
from blueops_qb.sdk.testing.kit import CASES, Subject
from tests.conformance.broken_providers import BROKEN

HERE = Path(testing.__file__).parent
#: Sentences that no broken provider brings about, or not without failing several cases, and why.
UNSAID = {
    "the books did not answer": "the way to the books, not the provider",
    "this case needs books": "the way to the books, see test_conformance_class.py",
    "give the kit": "the hand in the books, see test_conformance_class.py",
    "the trial balance did not move": "the hand in the books",
    "no kind is removed by deletion": "the case is not run then",
    "no number is looked up": "the case is not run then",
    "the catalog lists no tax agency": "the company, not the provider",
    "the catalog holds no account": "nothing can be written then",
    "the feed gives no position": "every case of the feed fails",
    "the last page gives no position": "every case of the feed fails",
    "a page before the last one": "the reference provider has one page",
    "a page is complete when": "the reference provider has one page",
    "a further part must repeat": "the reference provider has one page",
    "the whole answer says": "no write is ever applied then",
    "the exchange answered": "no write is ever applied then",
    "the exchange shows no record": "no write ever shows a record then",
    "was changed, and reading it answers": "nothing can be read then",
    "of another type": "it cannot be written either",
    "shows no lines": "it cannot be read back either",
    "shows no invoice": "it cannot be read back either",
    "removals has no way for tax codes": "the table of every kind fails as well",
    "removals has no way for {kind}": "it cannot be written either",
    "taking {record.ref} out answered": "the case of taking it out fails as well",
    "the question was carried out": "whatever answers it is noticed before",
}


def sentences() -> Iterator[tuple[str, int, int, str]]:
    """(file, first line, last line, sentence) of every assertion that says one."""
    for file in sorted(HERE.glob("*_cases.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assert) and node.msg is not None:
                assert node.end_lineno is not None
                yield file.name, node.lineno, node.end_lineno, ast.unparse(node.msg)


def said() -> set[tuple[str, int]]:
    """Where each broken provider's own case failed: file and line."""
    by_name = {case.name: case for case in CASES}
    places = set()
    for broken in BROKEN.values():
        provider = broken.make()
        transport = provider.transport(NoVault(), "1")
        assert transport is not None
        subject = Subject(
            provider=provider,
            carry=transport.send,
            close_books=lambda day, books=provider.books: setattr(books, "closing_date", day),  # type: ignore[misc]
            trial_balance=provider.books.trial_balance,
        )
        try:
            by_name[broken.case].run(subject)
        except Exception as failure:
            frames = traceback.extract_tb(failure.__traceback__)
            places |= {(Path(frame.filename).name, frame.lineno or 0) for frame in frames[-1:]}
    return places


class NoVault:
    """Nothing is kept."""

    def get(self, purpose: str) -> None: ...

    def put(self, purpose: str, secret: bytes) -> None: ...

    def drop(self, purpose: str) -> None: ...


def test_every_sentence_of_the_kit_has_been_said_of_a_broken_provider() -> None:
    places = said()
    silent = {
        f"{file}:{first} {sentence}"
        for file, first, last, sentence in sentences()
        if not any(name == file and first <= line <= last for name, line in places)
    }
    assert {one for one in silent if not any(text in one for text in UNSAID)} == set()
    assert [text for text in UNSAID if not any(text in one for one in silent)] == []
