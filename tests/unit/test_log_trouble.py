"""A failure is logged with kinds, codes and lines of code, and without a word of what was worked on."""

import errno
import logging
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from blueops_qb.engine.intake import Intake
from blueops_qb.engine.log_trouble import kind_of, log_trouble, shape_of

WORD = "Wilhelmina 4711 Canary Row"


def caught(act: Any) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        act()
    return caught.value


def fails_with_a_word() -> None:
    word = WORD
    try:
        raise KeyError(word)
    except KeyError as inner:
        raise ValueError(f"{word} cannot be read") from inner


def test_neither_messages_nor_values_of_a_chain_are_told() -> None:
    shape = shape_of(caught(fails_with_a_word))
    assert WORD not in shape
    assert shape.index("KeyError") < shape.rindex("ValueError")
    assert "in fails_with_a_word" in shape
    assert 'raise ValueError(f"{word} cannot be read") from inner' in shape


def test_a_suppressed_cause_stays_out_and_a_circle_ends() -> None:
    def quietly() -> None:
        try:
            raise KeyError(WORD)
        except KeyError:
            raise ValueError(WORD) from None

    assert "KeyError" not in shape_of(caught(quietly)).replace("raise KeyError", "").replace(
        "except KeyError", ""
    )
    one, two = ValueError("a"), ValueError("b")
    one.__cause__, two.__cause__ = two, one
    assert shape_of(one).count("ValueError") == 2


def test_codes_of_database_and_system_are_told(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (name TEXT UNIQUE)")
        connection.execute(sa.text("INSERT INTO t VALUES (:n)"), {"n": WORD})

    def twice() -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO t VALUES (:n)"), {"n": WORD})

    problem = caught(twice)
    assert WORD in str(problem), "the message itself would tell"
    assert kind_of(problem) == "IntegrityError [SQLITE_CONSTRAINT_UNIQUE]"
    assert WORD not in shape_of(problem)
    assert kind_of(OSError(errno.ENOSPC, WORD)) == f"OSError [{errno.ENOSPC}]"
    engine.dispose()


def test_a_log_line_names_what_its_caller_says_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        log_trouble(
            logging.getLogger("t"), "%s of %d failed", "invoice:7", 3, problem=caught(fails_with_a_word)
        )
    (record,) = caplog.records
    assert record.getMessage().startswith("invoice:7 of 3 failed\n")
    assert record.exc_info is None, "a formatter would print the messages"
    assert WORD not in caplog.text


def test_an_event_that_is_not_kept_is_named_by_its_record_only(caplog: pytest.LogCaptureFixture) -> None:
    class Event:
        tenant_id, ref = "acme", "customer:7"

        def __repr__(self) -> str:
            return WORD

    intake = Intake()
    intake.switched_on(["acme"])
    event: Any = Event()
    with caplog.at_level(logging.DEBUG):
        intake.take(event, None)  # type: ignore[arg-type]
    assert intake.missed == 1
    assert "an event of customer:7 was not kept" in caplog.text
    assert WORD not in caplog.text


def test_nothing_of_ours_logs_an_exception_with_its_message(project_root: Path) -> None:
    """`log.exception` and `exc_info` print messages; only `log_trouble` may tell of a failure."""
    found = [
        f"{file.relative_to(project_root)}: {line.strip()}"
        for folder in ("blueops_qb", "hooks")
        for file in (project_root / folder).rglob("*.py")
        if "sandbox" not in file.parts
        for line in file.read_text(encoding="utf-8").splitlines()
        if "log.exception(" in line or "exc_info=" in line or "traceback.print" in line
    ]
    assert found == []
