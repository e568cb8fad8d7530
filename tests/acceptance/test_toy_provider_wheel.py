"""Wheels in a fresh environment: ours loads beside a broken plugin, and another package brings a provider."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from blueops_qb.sdk.testing.kit import BASIC, CASES
from tests.core_house import write_plugin
from tests.kit_report import tried

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
TOY = HERE / "fixtures" / "toy_provider"
RAISES = HERE / "fixtures" / "plugins" / "raises"


def build(project: Path, into: Path) -> Path:
    """The wheel of a project, built with the build backend that is installed here."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)],
        cwd=project,
        env=_environment(),
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = into.glob("*.whl")
    return wheel


def _environment(**more: str) -> dict[str, str]:
    """The process's environment without what would let the checkout be found."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONPATH"} | more


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Our wheel and the toy's."""
    toy = tmp_path_factory.mktemp("toy") / "project"
    shutil.copytree(TOY, toy, ignore=shutil.ignore_patterns("__pycache__"))
    return {
        "ours": build(ROOT, tmp_path_factory.mktemp("ours")),
        "toy": build(toy, tmp_path_factory.mktemp("toys")),
    }


@pytest.fixture(scope="module")
def python(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the two wheels; their requirements are lent by this one."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    venv.create(folder, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    for wheel in wheels.values():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    # A path alone: the editable installation that may lie there is not switched on by it.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def seen(python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a day in the fresh environment showed."""
    folder = tmp_path_factory.mktemp("day")
    broken = write_plugin(folder / "broken", id='"broken"', hooks="import there_is_no_such_module")
    shutil.copy(TOY / "a_day.py", folder)
    done = subprocess.run(
        [str(python), "-W", "error::ResourceWarning", "a_day.py", "core.sqlite3", str(RAISES), str(broken)],
        cwd=folder,
        env=_environment(BLUEOPS_QB_RUNNER="none", TOY_BOOKS_FILE=str(folder / "toy.jsonl")),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["file"] = [json.loads(line) for line in (folder / "toy.jsonl").read_text().splitlines()]
    return found


def test_the_wheel_carries_plugin_hooks_and_migrations(wheels: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheels["ours"]) as archive:
        names = set(archive.namelist())
    carried = "blueops_qb/_plugin/"
    for path in ("plugin.toml", "hooks/invoices.py", "migrations/env.py"):
        assert carried + path in names
    for version in (ROOT / "migrations" / "versions").glob("*.py"):
        assert f"{carried}migrations/versions/{version.name}" in names
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]
    for file in (ROOT / "blueops_qb").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert str(file.relative_to(ROOT)) in names


def test_nothing_of_the_checkout_was_used(seen: dict[str, Any]) -> None:
    assert not seen["package"].startswith(str(ROOT))
    assert seen["root"].endswith("blueops_qb/_plugin")


def test_it_is_found_by_entry_point_beside_two_broken_plugins_and_works(seen: dict[str, Any]) -> None:
    plugins = seen["plugins"]
    assert plugins["quickbooks"] == {"source": "entry point quickbooks", "reason": "", "failures": 0}
    assert plugins["raises"]["failures"] > 0
    assert "ModuleNotFoundError" in plugins["broken"]["reason"]
    assert seen["states"] == {"done": 2}
    assert seen["audit_ok"] is True


def test_the_toy_is_discovered_listed_and_keeps_the_invoice(seen: dict[str, Any]) -> None:
    assert seen["providers"]["toy"] == ""
    assert seen["providers"].keys() >= {"qbo", "toy"}
    customer, invoice = seen["file"]
    assert (customer["kind"], customer["name"]) == ("customer", "Ann Lee")
    assert invoice["document"]["total"] == "129.50"
    assert invoice["document"]["customer"] == f"customer#{customer['id']}"
    assert invoice["marker"] == "invoice:1001.1"


def test_the_conformance_kit_comes_with_the_wheel(python: Path, tmp_path: Path) -> None:
    shutil.copy(TOY / "try_the_kit.py", tmp_path)
    options = ["-q", "-W", "error", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
    report = tmp_path / "report.xml"
    done = subprocess.run(
        [str(python), "-m", "pytest", *options, f"--junitxml={report}", "try_the_kit.py"],
        cwd=tmp_path,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = {test.name for test in tried(report)}
    assert {case.name for case in CASES if case.need is BASIC} <= passed
    assert "test_the_package_is_an_installed_one" in passed
