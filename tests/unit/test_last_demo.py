"""The last demo is found again by later commands, and no demo takes the file of one that still runs."""

import stat
from pathlib import Path

import pytest

from blueops_qb.sandbox import last_demo


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def state_file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "blueops-qb" / "last-demo.json"


def test_nothing_is_recalled_before_the_first_demo() -> None:
    assert last_demo.recall() is None


def test_what_was_remembered_last_is_recalled(tmp_path: Path) -> None:
    last_demo.remember("sqlite:///old.db", {})
    last_demo.remember("sqlite:///new.db", {"BLUEOPS_QB_QBO_CLIENT_ID": "AB"})
    assert last_demo.recall() == ("sqlite:///new.db", {"BLUEOPS_QB_QBO_CLIENT_ID": "AB"})
    assert stat.S_IMODE(state_file(tmp_path).stat().st_mode) == 0o600
    assert [file.name for file in state_file(tmp_path).parent.iterdir()] == ["last-demo.json"]


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"db": 1}', '{"db": "x", "environment": 3}', "null"])
def test_an_unreadable_file_is_like_none(tmp_path: Path, broken: str) -> None:
    state_file(tmp_path).parent.mkdir(parents=True)
    state_file(tmp_path).write_text(broken)
    assert last_demo.recall() is None


def test_a_fresh_database_replaces_the_one_of_an_earlier_demo(tmp_path: Path) -> None:
    with last_demo.fresh_database() as path:
        for ending in ("", "-wal", "-shm", ".keys"):
            Path(f"{path}{ending}").write_text("old")
    assert path == tmp_path / "data" / "blueops-qb" / "demo.db"
    assert path.exists(), "later commands read it"
    with last_demo.fresh_database() as again:
        assert again == path
        assert [file.name for file in path.parent.iterdir()] == ["demo.db.lock"]


def test_demos_side_by_side_get_files_of_their_own() -> None:
    with last_demo.fresh_database() as one:
        one.write_text("in use")
        with last_demo.fresh_database() as two:
            assert two != one
            assert one.read_text() == "in use"


def test_too_many_demos_side_by_side_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_demo, "MOST_AT_ONCE", 1)
    with (
        last_demo.fresh_database(),
        pytest.raises(last_demo.TooManyDemos, match="name a database with --db"),
        last_demo.fresh_database(),
    ):
        pass


def test_without_a_usable_home_it_lies_among_the_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    last_demo.remember("sqlite:///x.db", {})
    assert last_demo.recall() == ("sqlite:///x.db", {})
    (folder,) = [path for path in tmp_path.iterdir() if path.name.startswith("blueops-qb-")]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_home_that_can_be_used_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    last_demo.remember("sqlite:///x.db", {})
    assert (tmp_path / ".local" / "state" / "blueops-qb" / "last-demo.json").is_file()
