"""The repository keeps its own rules: layers, packaging, pinned requirements, tooling, plain hygiene."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import blueops_qb

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())

#: Made by tools, not part of the tree.
NOT_OURS = {"build", "dist", "__pycache__"}

#: Hosts of package registries and folders of a single machine; spelled so that this line is not a finding.
FORBIDDEN = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|registry[.]yarnpkg|deb[.]debian|static[.]crates"
    r"|(?<![\w.])/(?:work|opt|root|home|tmp/\w)/"
)


def tree(*suffixes: str) -> Iterator[Path]:
    """Every file of the tree with one of these suffixes (all without any), relative to the root."""
    for folder, folders, files in os.walk(ROOT):
        top = Path(folder) == ROOT
        folders[:] = sorted(
            f for f in folders if f not in NOT_OURS and not (f.startswith(".") and f != ".ci")
        )
        for name in sorted(files):
            if (not suffixes or Path(name).suffix in suffixes) and not (top and name.startswith(".coverage")):
                yield (Path(folder) / name).relative_to(ROOT)


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command away from this test run's own settings."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHONPATH", "BLUEOPS_", "CI"))
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


# --- packaging ---


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of what it is made of."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("blueops_qb", "hooks", "migrations"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("plugin.toml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out", cwd=folder)
    assert built.returncode == 0, built.stderr
    (path,) = (folder / "out").glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_carries_the_plugin_folder(wheel: zipfile.ZipFile) -> None:
    expected = {"plugin.toml"}
    for folder in ("hooks", "migrations"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                expected.add(str(file.relative_to(ROOT)))
    prefix = "blueops_qb/_plugin/"
    carried = {name.removeprefix(prefix) for name in wheel.namelist() if name.startswith(prefix)}
    assert carried == expected
    assert any(name.startswith("migrations/versions/") for name in carried)


def test_the_wheel_carries_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    ours = {str(f) for f in tree() if f.parts[0] == "blueops_qb" and f.suffix != ".pyc"}
    carried = {n for n in wheel.namelist() if "/_plugin/" not in n and ".dist-info/" not in n}
    assert carried == ours
    assert "blueops_qb/py.typed" in carried


def test_the_wheel_announces_the_plugin_and_the_command(wheel: zipfile.ZipFile) -> None:
    (name,) = (n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    announced = wheel.read(name).decode()
    assert "[blueops.plugins]\nquickbooks = blueops_qb:root\n" in announced
    assert "blueops-qb = blueops_qb.cli:main\n" in announced


def test_root_finds_the_plugin_folder_in_a_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    question = "import blueops_qb; print(blueops_qb.root())"
    answered = run(sys.executable, "-S", "-c", question, cwd=tmp_path)
    folder = Path(answered.stdout.strip())
    assert folder == tmp_path.resolve() / "blueops_qb" / "_plugin"
    assert (folder / "plugin.toml").is_file()


def test_root_finds_the_plugin_folder_in_a_checkout() -> None:
    assert blueops_qb.root() == ROOT
    assert (ROOT / "plugin.toml").is_file()


# --- import rules: the real contracts, on a small house of the same rooms ---

ROOMS = ["cli", "sandbox", "bootstrap", "web", "providers", "runners", "engine", "store", "sdk", "domain"]
INTRUSIONS = {
    "a stray room": ("utils/__init__.py", ""),
    "the domain reads the clock": ("domain/rules.py", "import time"),
    "the domain does requests": ("domain/rules.py", "import requests"),
    "the domain looks up": ("domain/rules.py", "import blueops_qb.sdk"),
    "the sdk calls out": ("sdk/hooks.py", "import requests"),
    "the store knows the engine": ("store/queries.py", "import blueops_qb.engine"),
    "a provider reaches into the engine": ("providers/one/codec.py", "import blueops_qb.engine"),
    "a provider reaches into the store": ("providers/one/codec.py", "import blueops_qb.store"),
    "a provider keeps a database": ("providers/one/codec.py", "import sqlalchemy"),
    "a provider knows another": ("providers/one/codec.py", "import blueops_qb.providers.two"),
    "a runner knows a page": ("runners/threads.py", "import blueops_qb.web"),
    "the product knows the sandbox": ("bootstrap/wiring.py", "import blueops_qb.sandbox"),
    "the twin shares code with the product": ("sandbox/qbo/server.py", "import blueops_qb.domain.money"),
    "the desktop twin shares code with the product": (
        "sandbox/qbd/file.py",
        "import blueops_qb.domain.money",
    ),
    "the desktop twin shares code with the adapter": (
        "sandbox/qbd/file.py",
        "import blueops_qb.providers.one",
    ),
    "who compares shares code with the product": ("sandbox/reader/books.py", "import blueops_qb.engine"),
    "the twin's ledger shares code with the product": ("sandbox/ledger.py", "import blueops_qb.domain.money"),
}


@pytest.fixture
def small_house(tmp_path: Path) -> Path:
    package = tmp_path / "blueops_qb"
    for room in [
        "",
        *ROOMS,
        "providers/one",
        "providers/two",
        "sandbox/qbo",
        "sandbox/qbd",
        "sandbox/reader",
    ]:
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").touch()
    (package / "domain" / "money.py").touch()
    (package / "sandbox" / "ledger.py").touch()
    (package / "sandbox" / "qbo" / "company.py").write_text("import blueops_qb.sandbox.ledger\n")
    (package / "providers" / "two" / "codec.py").write_text(
        "import blueops_qb.sdk\nimport blueops_qb.domain\n"
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    start = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return run(sys.executable, "-c", start, "--no-cache", cwd=folder)


def test_the_import_rules_accept_the_planned_house(small_house: Path) -> None:
    judged = lint_imports(small_house)
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize("intrusion", INTRUSIONS)
def test_the_import_rules_refuse(small_house: Path, intrusion: str) -> None:
    name, line = INTRUSIONS[intrusion]
    file = small_house / "blueops_qb" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{line}\n")
    judged = lint_imports(small_house)
    assert judged.returncode == 1, judged.stdout + judged.stderr
    assert "BROKEN" in judged.stdout or "utils" in judged.stdout


@pytest.mark.parametrize("twin", ["qbo", "qbd"])
def test_a_twin_imports_nothing_of_ours_but_the_ledger(twin: str) -> None:
    allowed = (f"blueops_qb.sandbox.{twin}", "blueops_qb.sandbox.ledger")
    strangers = [
        f"{file}: {name}"
        for file in tree(".py")
        if file.is_relative_to(f"blueops_qb/sandbox/{twin}")
        for name in imported_by(file)
        if name.split(".")[0] == "blueops_qb" and not name.startswith(allowed)
    ]
    assert strangers == []


def test_the_domain_asks_neither_the_time_nor_for_a_random_id() -> None:
    asked = [
        f"{file}:{node.lineno} .{node.attr}"
        for file in tree(".py")
        if file.is_relative_to("blueops_qb/domain")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow", "uuid1", "uuid4"}
    ]
    assert asked == []


def parsed(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), filename=str(file))


def imported_by(file: Path) -> Iterator[str]:
    """Names of the modules a file imports; ``from a import b`` counts as ``a.b``, relative or not."""
    package = file.with_suffix("").parts[:-1]
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


# --- requirements ---


def pins(group: str) -> dict[str, set[str]]:
    """Package -> pinned versions (several where they differ by Python) of a requirements file."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / f"{group}.txt").read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ]+)", line):
            found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


def declared(group: str) -> list[Requirement]:
    project = PROJECT["project"]
    if group != "run":
        lines = PROJECT["dependency-groups"][group]
    else:
        lines = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("group", ["run", "dev", "docs", "uv"])
def test_everything_declared_is_pinned_within_its_range(group: str) -> None:
    pinned = pins(group)
    for requirement in declared(group):
        versions = pinned[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version in versions), requirement


@pytest.mark.parametrize("group", ["run", "dev", "docs", "uv"])
def test_every_pin_carries_hashes_and_no_source(group: str) -> None:
    text = (ROOT / "requirements" / f"{group}.txt").read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(blocks) >= len(pins(group)) > 0
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"\w+://\S+|^--.*", text, re.MULTILINE) == []


def test_the_groups_agree_on_every_version() -> None:
    run_pins = pins("run")
    for group in ("dev", "docs"):
        shared = {name: versions for name, versions in pins(group).items() if name in run_pins}
        assert shared == {name: run_pins[name] for name in shared}


# --- the tools ---


def test_dev_py_needs_the_standard_library_only() -> None:
    outside = {name.split(".")[0] for name in imported_by(Path("dev.py"))} - sys.stdlib_module_names
    assert outside == set()


def test_dev_py_names_its_commands_and_make_has_each() -> None:
    helped = run(sys.executable, "dev.py", "help", cwd=ROOT)
    named = set(re.findall(r"dev\.py (\w+) ", helped.stdout))
    assert {"setup", "demo", "test", "check", "bench", "docs", "compile", "clean"} == named
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named | {"help"} == set(targets.split())


def test_dev_py_refuses_an_unknown_command() -> None:
    assert run(sys.executable, "dev.py", "frobnicate", cwd=ROOT).returncode == 2


def test_dev_py_tells_an_old_python_what_to_do() -> None:
    pretend = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['dev.py', 'demo']; import runpy; "
    told = run(
        sys.executable, "-c", f"{pretend}runpy.run_path('dev.py', run_name='__main__')", cwd=ROOT, PATH=""
    )
    assert told.returncode == 1
    assert "Python 3.11 or newer is needed" in told.stderr
    assert "Traceback" not in told.stderr


SKIPPING_TEST = """
import pytest

def test_that_skips():
    pytest.skip("no moon tonight")

@pytest.mark.xfail(strict=True)
def test_that_is_known_to_fail():
    assert not "moon"
"""
SKIPPING_MODULE = "import pytest\npytest.skip('no moon tonight', allow_module_level=True)\n"


@pytest.mark.parametrize("content", [SKIPPING_TEST, SKIPPING_MODULE], ids=["test", "module"])
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_skip_is_a_named_failure_where_none_is_allowed(tmp_path: Path, content: str, workers: str) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_moon.py").write_text(content)
    command = [sys.executable, "-m", "pytest", "-n", workers, "-p", "no:cacheprovider", str(tmp_path)]
    allowed = run(*command, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert allowed.returncode in (0, 5), allowed.stdout + allowed.stderr  # 5: nothing to run but the skipped
    refused = run(*command, cwd=tmp_path, PYTHONPATH=str(ROOT), BLUEOPS_QB_NO_SKIP="1")
    assert refused.returncode in (1, 2), refused.stdout + refused.stderr
    assert "no moon tonight" in refused.stdout


# --- hygiene ---


def test_the_tree_names_no_registry_and_no_folder_of_one_machine() -> None:
    found = []
    for file in tree():
        try:
            lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{file}:{n}: {line.strip()[:120]}" for n, line in enumerate(lines, 1) if FORBIDDEN.search(line)
        ]
    assert found == []


def test_the_papers_are_there() -> None:
    papers = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "plugin.toml"]
    assert [name for name in papers if not (ROOT / name).is_file()] == []


def test_every_module_says_in_its_first_sentence_what_it_is_for() -> None:
    silent = [str(file) for file in tree(".py") if not (ast.get_docstring(parsed(file)) or "").strip()]
    assert silent == []


def test_no_module_grows_beyond_four_hundred_lines() -> None:
    lengths = {str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in tree(".py")}
    assert {
        name: lines
        for name, lines in lengths.items()
        # A migration is written once and never grows.
        if lines > 400 and not name.startswith(("tests/", "migrations/versions/"))
    } == {}


def test_the_names_of_test_files_are_unique_and_no_package_holds_them() -> None:
    names = [file.name for file in tree(".py") if file.parts[0] == "tests" and file.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))
    assert [
        str(file)
        for file in tree(".py")
        if file.parts[:1] == ("tests",) and file.parts[1] != "fixtures" and file.name == "__init__.py"
    ] == []
