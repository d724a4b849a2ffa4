"""The tables of docs/safety.md: every rule has tests, each named test exists, and the last column is true."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "safety.md"
LINK = re.compile(r"\[`([^`\]]+)`\]\(\.\./([^)]+)\)")
EVERY_API, SHARED_CODE = "every API", "shared code"


class Row(NamedTuple):
    """A row of a table: a rule, the cell with the tests that hold it, and where they run."""

    line: int
    rule: str
    tests: str
    tried_on: str


def rows() -> list[Row]:
    """Return the rows of all tables of the page, without their headings."""
    found = []
    for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("|") and not line.startswith(("| Rule |", "| --- |")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 3, f"line {number} has {len(cells)} cells"
            found.append(Row(number, *cells))
    return found


@functools.cache
def functions(path: str) -> dict[str, set[str]]:
    """Return the test functions of a file by their pytest names (`Class::test` or `test`), with the names of their parameters."""
    found: dict[str, set[str]] = {}

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{prefix}{node.name}::")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[prefix + node.name] = {argument.arg for argument in node.args.args}

    collect(ast.parse((ROOT / path).read_text(encoding="utf-8")).body, "")
    return found


ROWS = [pytest.param(row, id=f"line {row.line}") for row in rows()]


def test_the_page_has_rows() -> None:
    assert len(ROWS) > 80
    assert len({row.rule for row in rows()}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_every_test_that_a_row_names_exists(row: Row) -> None:
    links = LINK.findall(row.tests)
    assert row.rule
    assert links
    assert LINK.sub("", row.tests).replace("<br>", "") == "", (
        "a test that is not named as `path::test_name` with a link"
    )
    for name, target in links:
        path, _, function = name.partition("::")
        assert path == target
        assert (ROOT / path).is_file(), f"{path} does not exist"
        assert function.rpartition("::")[2].startswith("test_"), f"{function} is no test"
        assert function in functions(path), f"{path} has no {function}"


@pytest.mark.parametrize("row", ROWS)
def test_the_last_column_says_where_the_tests_run(row: Row) -> None:
    named = [name.partition("::") for name, _ in LINK.findall(row.tests)]
    on_each = any("face" in functions(path)[function] for path, _, function in named)
    assert row.tried_on == (EVERY_API if on_each else SHARED_CODE)
