"""The independent reader shares no code with what it judges."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

OWN = "blueops_qb.sandbox.reader"
ALLOWED = {"sqlalchemy", "requests"}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively; write the whole name"
            yield node.module or ""


def test_it_imports_only_the_standard_library_sqlalchemy_and_requests(project_root: Path) -> None:
    files = sorted((project_root / "blueops_qb" / "sandbox" / "reader").rglob("*.py"))
    assert len(files) >= 4
    foreign = {
        f"{file.name}: {name}"
        for file in files
        for name in imported(file)
        if name.partition(".")[0] not in ALLOWED | sys.stdlib_module_names
        and name != OWN
        and not name.startswith(f"{OWN}.")
    }
    assert foreign == set()


def test_it_names_nothing_of_the_plugin_in_its_questions(project_root: Path) -> None:
    """No table of the plugin, and not the token by which the product finds its own documents."""
    for file in (project_root / "blueops_qb" / "sandbox" / "reader").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "blueops_qb_" not in node.value
                assert "[BO:" not in node.value
