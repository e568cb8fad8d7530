"""Conformance kit: the table of cases that every provider is tried by, so far as it declares what they need.

With pytest, by a class that says what the provider declares and where its books are:

    from blueops_qb.sdk.testing.conformance import ProviderConformance

    class TestNotebook(ProviderConformance):
        declares = NotebookBooks().describe()

        @pytest.fixture(scope="class")
        @classmethod
        def provider(cls): return NotebookBooks()

Without pytest, `for case in cases_for(provider.describe()): case.run(subject)`, where `subject` is a `Subject`: the
provider and a way to books that may be written to. A case that is broken raises AssertionError with a sentence.
"""

from __future__ import annotations

from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.provider import Description
from blueops_qb.sdk.simple import ENTRY_FEATURES
from blueops_qb.sdk.testing import (
    bytes_cases,
    describing_cases,
    feed_cases,
    ledger_cases,
    lens_cases,
    line_cases,
    list_cases,
    lookup_cases,
    refusal_cases,
    status_cases,
    tax_cases,
    writing_cases,
)
from blueops_qb.sdk.testing.case import (
    ASKS,
    BASIC,
    DELETES,
    FINDS_DELETED,
    NUMBERS,
    OVERLAPS,
    Case,
    Need,
    keeps,
    numbers_lines_of,
    takes_out,
)
from blueops_qb.sdk.testing.samples import SAMPLES, Places
from blueops_qb.sdk.testing.subject import Subject

_DESCRIBE = "[describe()](provider.md#describe)"
_ENCODE = "[encode()](provider.md#encodeexchange-profile)"
_DECODE = "[decode()](provider.md#decodeexchange-reply-profile)"
_NORMAL = "[normal()](provider.md#normaldocument)"
_ONCE = "[Once and only once](../explain/once.md)"
_LIMITS = "[Limits](provider.md#limits)"
_LEDGER = "[LedgerLine](provider.md#ledgerline)"
_WHY = "[Why](states.md#why)"
_OPERATION = "[Operation](provider.md#operation)"
_FEATURES = "[Features](states.md#features)"
_REMOVALS = "[Removals](states.md#removals)"
_OUTCOMES = "[Outcomes](states.md#outcomes)"
_COMPARING = "[Comparing](../explain/comparing.md)"

#: What needs no books.
PURE: tuple[Case, ...] = tuple(
    Case.of(run, source=source, needs_books=False)
    for run, source in (
        (describing_cases.describes_itself, _DESCRIBE),
        (describing_cases.has_sensible_limits, _LIMITS),
        (describing_cases.tells_what_an_exchange_takes, "[Cost](provider.md#cost)"),
        (describing_cases.says_how_every_kind_is_removed, _REMOVALS),
        (bytes_cases.encodes_the_same_exchange_to_the_same_bytes, _ENCODE),
        (bytes_cases.carries_the_id_of_the_exchange, "[Exchange](provider.md#exchange)"),
        (bytes_cases.previews_what_it_sends, _ENCODE),
        (bytes_cases.names_envelopes_steadily, "[envelope()](provider.md#envelopeoperation)"),
        (bytes_cases.takes_garbage_for_not_known, _DECODE),
        (bytes_cases.never_finds_anything_in_garbage, _DECODE),
        (lens_cases.looks_through_the_lens_once, _NORMAL),
        (lens_cases.tells_one_way_what_it_never_compares, "[one_way()](provider.md#one_waydocument)"),
        (lens_cases.compares_the_same_after_it_was_stored, _COMPARING),
        (lens_cases.counts_a_void_document_as_nothing, _NORMAL),
        (lens_cases.says_what_it_sends_through_the_lens, "[sent()](provider.md#sentoperation-profile)"),
    )
)
#: What is tried on books that may be written to.
WITH_BOOKS: tuple[Case, ...] = (
    Case.of(writing_cases.reads_the_company_and_its_lists, source="[catalog()](provider.md#catalog)"),
    *(
        Case.of(
            writing_cases.writing(feature),
            name=f"writes_and_reads_back_{feature.value}",
            need=keeps(feature),
            source=_NORMAL,
        )
        for feature in SAMPLES
    ),
    *(
        Case.of(
            writing_cases.losing_the_answer(feature),
            name=f"finds_{feature.value}_after_a_lost_answer",
            need=keeps(feature),
            source=_ONCE,
        )
        for feature in SAMPLES
    ),
    *(
        Case.of(
            writing_cases.taking_out(feature),
            name=f"takes_out_{feature.value}",
            need=takes_out(feature),
            source=_REMOVALS,
        )
        for feature in SAMPLES
    ),
    *(
        Case.of(
            line_cases.changing_a_line(feature),
            name=f"changes_one_line_of_{feature.value}",
            need=numbers_lines_of(feature),
            source=_FEATURES,
        )
        for feature in line_cases.LINED
    ),
    Case.of(writing_cases.changes_a_customer, source=_OPERATION),
    Case.of(writing_cases.refuses_an_old_version, source=_OUTCOMES),
    Case.of(writing_cases.keeps_totals_to_the_cent, source=_COMPARING),
    Case.of(refusal_cases.refuses_an_unknown_reference, source=_WHY),
    Case.of(refusal_cases.keeps_two_of_one_name_apart, source=_WHY),
    Case.of(writing_cases.tells_absent_from_unreadable, source=_OUTCOMES),
    Case.of(writing_cases.answers_each_operation_by_itself, source=_DECODE),
    Case.of(lookup_cases.finds_a_number_that_is_taken, need=NUMBERS, source=_DESCRIBE),
    Case.of(lookup_cases.finds_what_was_created_and_deleted, need=FINDS_DELETED, source=_ONCE),
    Case.of(bytes_cases.knows_nothing_from_a_cut_answer, source=_DECODE),
    Case.of(
        writing_cases.carries_out_a_repeated_exchange_once, need=keeps(Feature.REPLAYS), source=_FEATURES
    ),
    Case.of(
        status_cases.asks_and_runs_nothing,
        need=ASKS,
        source="[status_check()](provider.md#status_checkexchange_id-body)",
    ),
    Case.of(refusal_cases.keeps_a_closed_period_closed, need=keeps(Feature.CLOSING), source=_FEATURES),
    Case.of(
        feed_cases.shows_what_changed_since,
        need=keeps(Feature.CHANGES),
        source="[changes()](provider.md#changescursor)",
    ),
    Case.of(feed_cases.overlaps_its_last_position, need=OVERLAPS, source=_LIMITS),
    Case.of(feed_cases.tells_what_was_deleted, need=DELETES, source="[changes()](provider.md#changescursor)"),
    Case.of(ledger_cases.reads_a_ledger_that_balances, need=keeps(Feature.LEDGER), source=_LEDGER),
    Case.of(ledger_cases.ledger_ties_to_the_trial_balance, need=keeps(Feature.LEDGER), source=_LEDGER),
    Case.of(tax_cases.creates_a_tax_code_once, need=keeps(Feature.TAX_CODES), source=_FEATURES),
    *(
        Case.of(
            list_cases.creating(feature),
            name=f"creates_{feature.value}_once",
            need=keeps(feature),
            source=_FEATURES,
        )
        for feature in ENTRY_FEATURES
    ),
    *(
        Case.of(
            list_cases.losing(feature),
            name=f"finds_{feature.value}_after_a_lost_answer",
            need=keeps(feature),
            source=_ONCE,
        )
        for feature in ENTRY_FEATURES
    ),
)
CASES: tuple[Case, ...] = PURE + WITH_BOOKS


def cases_for(description: Description) -> tuple[Case, ...]:
    """The cases that a provider is tried by: the basic ones, and those of what it declares."""
    return tuple(case for case in CASES if case.need.met(description))


def not_run(description: Description) -> tuple[Case, ...]:
    """The cases that it is not tried by, as it does not declare what they need; whoever runs the kit says so."""
    return tuple(case for case in CASES if not case.need.met(description))


__all__ = [
    "BASIC",
    "CASES",
    "PURE",
    "WITH_BOOKS",
    "Case",
    "Need",
    "Places",
    "Subject",
    "cases_for",
    "not_run",
]
