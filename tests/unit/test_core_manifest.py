"""plugin.toml is read strictly: what does not fit is named, so that the settings page can show it."""

from pathlib import Path

import pytest

from blueops_qb.sandbox.core.manifest import Unfit, read_manifest
from blueops_qb.sdk.core import Permission
from tests.core_house import PLUGINS, write_plugin


def test_a_whole_manifest() -> None:
    manifest = read_manifest(PLUGINS / "good")
    assert (manifest.id, manifest.name, manifest.version) == ("good", "Good neighbour", "1.0")
    assert manifest.hook_modules == ("life", "sales")
    assert (manifest.pages, manifest.gates) == ("/settings/good", "/gates/good")
    assert manifest.migrations == (PLUGINS / "good" / "migrations").resolve()
    assert manifest.permissions == {Permission.VIEW: frozenset({"admin", "bookkeeper"})}
    assert not manifest.protects_itself


def test_our_own_manifest_fits(project_root: Path) -> None:
    manifest = read_manifest(project_root)
    assert (manifest.id, manifest.protects_itself) == ("quickbooks", True)


@pytest.mark.parametrize(
    ("section", "more", "why"),
    [
        ({"id": '"Bad Id"'}, "", r"plugin\.id is 'Bad Id'"),
        ({"id": ""}, "", r"plugin\.id is missing"),
        ({"version": ""}, "", r"plugin\.version is missing"),
        ({"contract": "2"}, "", "contract 2, this host has contract 1"),
        ({"host": '">=2"'}, "", "needs a host >=2, this is 1"),
        ({"host": '"soon"'}, "", "no range of versions"),
        ({"host": '"'}, "", r"plugin\.toml cannot be read"),
        ({"name": "3"}, "", r"plugin\.name is not a text"),
        ({}, "[hooks]\nmodules = ['../evil']\n", r"hooks\.modules"),
        ({}, "[mount]\npages = 'settings'\n", r"mount\.pages 'settings' is no path"),
        ({}, "[mount]\napp = 'os.system(1)'\n", r"mount\.app"),
        ({}, "[migrations]\nfolder = '../..'\nversion_table = 'x_v'\n", r"no folder of the plugin"),
        ({}, "[permissions]\nfly = ['admin']\n", "names fly"),
        ({}, "[permissions]\nview = 'admin'\n", r"permissions\.view is not a list"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, section: dict[str, str], more: str, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        read_manifest(write_plugin(tmp_path / "plugin", manifest=more, **section))


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match=r"there is no plugin\.toml"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("table", ["", "version_table = 'alembic_version'"])
def test_migrations_need_a_version_table_of_their_own(tmp_path: Path, table: str) -> None:
    folder = write_plugin(tmp_path / "plugin", manifest=f"[migrations]\nfolder = 'm'\n{table}\n")
    (folder / "m").mkdir()
    (folder / "m" / "env.py").touch()
    with pytest.raises(Unfit, match="a table of its own"):
        read_manifest(folder)
