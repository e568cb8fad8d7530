"""The reference names the whole product: every setting, command, page, table and error; nothing that is gone."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from types import ModuleType

import click
import pytest
from flask import Flask

import blueops_qb
from blueops_qb import bootstrap
from blueops_qb.cli import main
from blueops_qb.domain import policy
from blueops_qb.domain.records import TaxRounding
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbd.settings import PREFIX as DESKTOP_PREFIX
from blueops_qb.providers.qbd.settings import QbdSettings
from blueops_qb.providers.qbo import signin
from blueops_qb.providers.qbo.faults import RULES
from blueops_qb.providers.qbo.settings import PREFIX, QboSettings
from blueops_qb.sandbox.core.core import open_core
from blueops_qb.sandbox.core.keys import new_key
from blueops_qb.store.tables import VERSION_TABLE, metadata
from blueops_qb.web.app import make_flask
from tests.doc_pages import (
    DOCS,
    REFERENCE,
    ROOT,
    fields,
    first_cells,
    headings,
    section,
    values,
    want_headings,
    want_rows,
)

# --- settings ---


def test_every_setting_that_core_shows_has_a_row() -> None:
    want_rows("settings.md", "Settings that core shows", [setting.key for setting in bootstrap.SETTINGS])


def test_every_key_of_the_provider_has_a_row() -> None:
    keys = [f"{PREFIX}{name.upper()}" for name in fields(QboSettings)]
    want_rows("settings.md", "QuickBooks Online", keys)
    desktop = [f"{DESKTOP_PREFIX}{name.upper()}" for name in fields(QbdSettings)]
    want_rows("settings.md", "QuickBooks Desktop", desktop)


def test_every_field_of_policy_and_engine_has_a_row() -> None:
    want_rows("settings.md", "Policy", fields(policy.Policy))
    want_rows("settings.md", "The engine", fields(EngineSettings))


def test_every_value_of_a_policy_is_told() -> None:
    text = section("settings.md", "Policy")
    choices = [
        policy.ClosedPeriod,
        policy.Overlap,
        policy.PurchaseTax,
        policy.Prepaid,
        policy.OverJobs,
        TaxRounding,
    ]
    assert [v for choice in choices for v in values(choice) if f"`{v}`" not in text] == []


def test_every_key_of_plugin_toml_has_a_row() -> None:
    manifest = tomllib.loads((ROOT / "plugin.toml").read_text())
    want_rows(
        "settings.md", "plugin.toml", [f"{part}.{key}" for part, keys in manifest.items() for key in keys]
    )


def test_every_variable_that_the_source_names_has_a_row() -> None:
    source = [ROOT / "dev.py", ROOT / "tests" / "conftest.py"]
    source += [
        file for folder in ("blueops_qb", "hooks", "migrations") for file in (ROOT / folder).rglob("*.py")
    ]
    text = "\n".join(file.read_text(encoding="utf-8") for file in source)
    named = set(re.findall(r"\bBLUEOPS_[A-Z_]*[A-Z]\b", text))
    assert len(named) > 8
    missing = named - set(first_cells((REFERENCE / "settings.md").read_text(encoding="utf-8")))
    assert not missing, f"docs/reference/settings.md lacks a table row for: {', '.join(sorted(missing))}"


# --- the command line ---


def commands(
    command: click.Command, path: tuple[str, ...] = ("blueops-qb",)
) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield " ".join((*path, name)), child
            yield from commands(child, (*path, name))


COMMANDS = dict(commands(main))
EVERYWHERE = {"--db", "--tenant", "--help", "-h"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_heading_and_tells_its_options(name: str) -> None:
    want_headings("cli.md", [name])
    text = section("cli.md", name)
    for parameter in COMMANDS[name].params:
        for option in [*parameter.opts, *parameter.secondary_opts]:
            if option.startswith("-") and option not in EVERYWHERE:
                assert f"`{option}" in text or f"/ {option}" in text, (
                    f"docs/reference/cli.md, “{name}”, does not tell of {option}"
                )


def test_no_heading_tells_of_a_command_that_is_gone() -> None:
    told = [heading for heading in headings("cli.md") if heading.startswith("blueops-qb ")]
    assert sorted(told) == sorted(COMMANDS)


def test_the_readme_lists_every_command() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in main.commands if f"`{name}" not in table] == []


# --- pages ---


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    host = open_core(f"sqlite:///{tmp_path_factory.mktemp('docs') / 'core.db'}", keys=[new_key()])
    house = bootstrap.build(host, environment={})
    yield make_flask(house.engine, sign_ins=house.sign_ins, secret=b"x" * 32, prefix="/settings/quickbooks")
    host.stop()


def test_every_page_has_a_heading_with_method_and_permission(pages: Flask) -> None:
    missing: list[str] = []
    for rule in pages.url_map.iter_rules():
        want_headings("pages.md", [rule.rule])
        text = section("pages.md", rule.rule)
        needs = getattr(pages.view_functions[rule.endpoint], "needs", None)
        permission = needs.value if needs else "none"
        methods_there = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        missing += [
            f"{method} {rule.rule} ({permission})"
            for method in methods_there
            if f"`{method}` ({permission})" not in text
        ]
    assert not missing, f"docs/reference/pages.md does not tell: {', '.join(missing)}"


def test_no_heading_tells_of_a_page_that_is_gone(pages: Flask) -> None:
    there = {rule.rule for rule in pages.url_map.iter_rules()} | {"/status"}
    assert {heading for heading in headings("pages.md") if heading.startswith("/")} == there


# --- tables ---


def test_every_table_has_a_heading_and_none_is_left_over() -> None:
    told = [heading for heading in headings("database.md") if heading.startswith("blueops_qb_")]
    assert sorted(told) == sorted([*metadata.tables, VERSION_TABLE])


# --- errors ---


def modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def exceptions(*packages: str) -> Iterator[tuple[str, str]]:
    """(name, module) of every public exception class that the packages define."""
    for package in packages:
        for module in modules(importlib.import_module(f"blueops_qb.{package}")):
            for name, member in vars(module).items():
                if (
                    inspect.isclass(member)
                    and issubclass(member, Exception)
                    and member.__module__ == module.__name__
                    and not name.startswith("_")
                ):
                    yield name, module.__name__


PACKAGES = ("domain", "sdk", "engine", "providers", "bootstrap", "web")


def test_no_heading_tells_of_an_exception_that_is_gone() -> None:
    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    told = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert set(told) == {name for name, _ in exceptions(*PACKAGES)}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exception_has_a_heading_that_names_its_module(package: str) -> None:
    for name, module in exceptions(package):
        want_headings("errors.md", [name])
        assert f"`{module}`" in section("errors.md", name), (
            f"docs/reference/errors.md, “{name}”, does not name {module}"
        )


def test_the_page_of_faults_is_as_the_dictionary_wants_it() -> None:
    made = subprocess.run([sys.executable, "docs/generate_errors.py", "--check"], cwd=ROOT, check=False)
    assert made.returncode == 0, "run: python docs/generate_errors.py"


def _codes(line: str) -> list[str]:
    cells = line.split("|")
    return cells[1].strip().split(", ") if len(cells) > 2 else []


def test_every_fault_has_a_row_with_sentence_and_remedy() -> None:
    lines = (REFERENCE / "qbo-faults.md").read_text(encoding="utf-8").splitlines()
    for rule in RULES:
        found = [line for line in lines if rule.code in _codes(line) and rule.message in line]
        assert any(rule.remedy in line for line in found), f"docs/reference/qbo-faults.md: code {rule.code}"


def test_every_error_of_the_sign_in_has_a_row() -> None:
    rows = first_cells(section("errors.md", "Sentences of a sign-in"))
    assert sorted(set(rows) - {"Intuit's word", "---"}) == sorted(signin._SENTENCES)


# --- pictures and links ---


def test_pictures_are_there_and_small() -> None:
    pictures = list((DOCS / "images").iterdir())
    assert pictures
    assert {p.name: p.stat().st_size for p in pictures if p.stat().st_size > 250 * 1024} == {}


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_of_a_paper_leads_somewhere(paper: str) -> None:
    text = (ROOT / paper).read_text(encoding="utf-8")
    local = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## (\S+)", text, re.MULTILINE)[0]
    assert newest == blueops_qb.__version__
