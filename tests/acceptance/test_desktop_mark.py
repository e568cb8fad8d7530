"""A company file that bears no FileID: by the settings BlueOps gives it one, and knows it by that from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueops_qb.providers.qbd.sessions_company import same_id
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.qbd.connector import Ended
from tests.desktop_house import DesktopHouse, desktop_house
from tests.desktop_places import Placed

pytestmark = pytest.mark.xdist_group("demo")


class Bare(Placed):
    """A company file to which its client does not give a FileID."""

    def add_application(self, qwc: str, password: str) -> None:
        super().add_application(qwc, password)
        unmark(self)


def unmark(desktop: Desktop) -> None:
    company = desktop.file.company
    for kind in ("DataExt", "DataExtDef"):
        for key in list(company.records[kind]):
            company.drop(kind, key)
    company.commit()


def marks(house: DesktopHouse) -> list[str]:
    found = house.desktop.file.company.records["DataExt"].values()
    return [row["DataExtValue"] for row in found if row["DataExtName"] == "FileID"]


def house_of(folder: Path, **settings: str) -> tuple[str, Bare]:
    return f"sqlite:///{folder / 'desktop.db'}", Bare(**settings)


def test_a_file_without_a_mark_is_given_ours_once_and_another_one_is_refused(tmp_path: Path) -> None:
    url, bare = house_of(tmp_path, mark_company="yes")
    with desktop_house(url, bare) as house:
        for _ in range(2):
            house.session()
        (mark,) = marks(house)
        with house.house.turn() as turn:
            assert same_id(mark, str(turn.row["company_id"]))
        assert mark == f"{{{mark.strip('{}').upper()}}}"
        house.documents(2)
        assert house.session().ended is Ended.DONE
        assert house.states() == {}, house.reasons()
        held = house.held()
        # The file of somebody else, which bears no mark, is not taken for it.
        unmark(house.desktop)
        house.documents(1)
        outcome = house.session()
        assert "this connection belongs to" in outcome.status + outcome.error
        assert (house.held(), marks(house)) == (held, [])


def test_otherwise_the_mark_is_left_to_the_web_connector(tmp_path: Path) -> None:
    url, bare = house_of(tmp_path)
    with desktop_house(url, bare) as house:
        house.documents(1)
        for _ in range(2):
            house.session()
        assert house.states() == {}, house.reasons()
        assert marks(house) == []
