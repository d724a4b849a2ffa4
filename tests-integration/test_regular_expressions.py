"""Regular expressions match the same on every interpreter.

CPython before 3.11.5 gives wrong matches for possessive repeats of a group, `(?:...)*+` (CPython issues 100061 and 106052).
The sources therefore use atomic groups, `(?>(?:...)*)`. Two tests look for the construct, one in every literal of the packages and one in every
compiled expression. A third compares each expression that has atomic groups or possessive repeats with an equivalent one
that has neither: `(?=(X))\\1` matches what `(?>X)` matches, with nothing but lookahead and a backreference.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent
PACKAGES = ["httpx_urls", "httpx_models", "httpx_transport", "httpx_client", "httpx_cli", "httpx"]
PARSER: Any = importlib.import_module("re._parser")
SINGLE = {"LITERAL", "NOT_LITERAL", "IN", "ANY", "RANGE", "CATEGORY"}  # what matches exactly one character
EDITS = '\r\n\t ,;:="\\/@[]()%.#?*+-_0aZ\x00\x7f\x80\xff'


def possessive_groups(parsed: Any) -> int:
    """Return how many possessive repeats in a parsed expression repeat more than one character."""
    found = 0
    for code, argument in parsed:
        if str(code) == "POSSESSIVE_REPEAT":
            repeated = argument[2]
            found += len(repeated) != 1 or str(repeated[0][0]) not in SINGLE
        for inner in nested(argument):
            found += possessive_groups(inner)
    return found


def nested(argument: Any) -> Iterator[Any]:
    """Yield the expressions that an operation's argument contains."""
    if isinstance(argument, PARSER.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for each in argument:
            yield from nested(each)


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each string of a module but docstrings, with its line; f-strings with a letter in each placeholder's place."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in docstrings:
            yield node.lineno, node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
            yield node.lineno, "".join(map(str, parts))


def offences(source: str) -> list[int]:
    """Return the lines of a module's literals that hold a possessive repeat of a group."""
    lines = []
    for line, literal in literals(ast.parse(source)):
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of sets that other literals open
                parsed = PARSER.parse(literal)
        except (re.error, OverflowError, RecursionError):
            continue  # not a regular expression by itself
        if possessive_groups(parsed):
            lines.append(line)
    return lines


@pytest.mark.parametrize(
    ("expression", "count"),
    [("(?:ab)*+", 1), ("(?:ab|c)?+d", 1), ("(a)++", 1), ("((?:ab){2,3}+)", 1), ("(?:a*+b)*", 0), ("[ab]*+a++.?+", 0)],
)
def test_the_scan_finds_the_construct(expression: str, count: int) -> None:
    assert possessive_groups(PARSER.parse(expression)) == count
    in_f_string = expression.replace("{", "{{").replace("}", "}}")
    source = f"\"{expression}\"\na = {expression!r}\nb = {expression.encode()!r}\nc = f'{{a}}{in_f_string}{{b}}'"
    assert set(offences(source)) == ({2, 3, 4} if count else set())


def test_no_literal_repeats_a_group_possessively() -> None:
    sources = sorted((ROOT / "packages").glob("*/src/**/*.py"))
    assert len(sources) > 200
    for path in sources:
        assert offences(path.read_text()) == [], path


class Expression(NamedTuple):
    """A compiled expression of the sources, by the name that it has there."""

    name: str
    pattern: re.Pattern[Any]


def compiled() -> Iterator[Expression]:
    """Yield every expression that a module of ours keeps at its top, alone or in a dict."""
    for package in map(importlib.import_module, PACKAGES):
        names = [f.name for f in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
        modules = [name for name in names if not name.endswith("__main__")]  # which runs the command
        for module in map(importlib.import_module, [package.__name__, *modules]):
            for name, value in vars(module).items():
                for each in value.values() if isinstance(value, dict) else [value]:
                    if isinstance(each, re.Pattern):
                        yield Expression(f"{module.__name__}.{name}", each)


def text(pattern: re.Pattern[Any]) -> str:
    """Return the expression, one character for each octet where it is of bytes."""
    return pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else str(pattern.pattern)


COMPILED = {expression.pattern: expression for expression in compiled()}
ATOMIC = [e for e in COMPILED.values() if re.search(r"\(\?>|[*+?}]\+", text(e.pattern))]


def test_no_compiled_expression_repeats_a_group_possessively() -> None:
    assert len(COMPILED) > 50
    for expression in COMPILED.values():
        assert possessive_groups(PARSER.parse(text(expression.pattern), expression.pattern.flags & ~re.UNICODE)) == 0


TOKEN = re.compile(
    r"(?P<item>\[\^?\]?(?:\\.|[^\]\\])*\]|\\.)"
    r"|(?P<open>\((?:\?(?:P<\w+>|<?[=!]|[>:]))?)|(?P<close>\))"
    r"|(?P<quantifier>(?:[*+?]|\{\d*,?\d*\}))(?P<kind>[+?]?)"
    r"|(?P<literal>.)",
    re.DOTALL,
)


def reference(expression: str) -> tuple[str, list[int]]:
    """Return an expression without atomic groups and possessive repeats, and the numbers its groups have for the original ones."""
    output: list[str] = []
    opened: list[tuple[int, str]] = []  # where each open group begins in the output, and how it was opened
    item = 0  # where the last item begins in the output
    groups: list[int] = []
    added = 0
    for found in TOKEN.finditer(expression):
        if found["open"]:
            if found["open"] == "(" or found["open"].startswith("(?P"):
                groups.append(-1)
            opened.append((len(output), found["open"]))
            output.append("(?:" if found["open"] == "(?>" else found["open"])
        elif found["close"]:
            item, kind = opened.pop()
            output.append(")")
            if kind == "(?>":
                added = atomic(output, item, added)
        elif found["quantifier"]:
            output.append(found["quantifier"] + found["kind"].replace("+", ""))
            if found["kind"] == "+":
                added = atomic(output, item, added)
        else:
            item = len(output)
            output.append(found[0])
    rewritten = "".join(output)
    opening = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|(\((?!\?)|\(\?P<(?!added)\w+>)|(\(\?P<added)", re.DOTALL)
    number = position = 0
    for found in opening.finditer(rewritten):
        number += bool(found[1] or found[2])
        if found[1]:
            groups[position] = number
            position += 1
    return rewritten, groups


def atomic(output: list[str], start: int, added: int) -> int:
    """Make the output from `start` on match as an atomic group does; return how many groups were added so far."""
    output[start:] = [f"(?=(?P<added{added}>{''.join(output[start:])}))(?P=added{added})"]
    return added + 1


def found_by(pattern: re.Pattern[Any], subject: Any, groups: list[int]) -> list[Any]:
    """Return where an expression matches in a subject, with its groups."""
    return [[match.span(), *(match.span(group) for group in groups)] for match in pattern.finditer(subject)]


@pytest.mark.parametrize(
    ("expression", "rewritten", "groups"),
    [
        ("a*+(b)", "(?=(?P<added0>a*))(?P=added0)(b)", [2]),
        ("(?>(a)|b)c", "(?=(?P<added0>(?:(a)|b)))(?P=added0)c", [2]),
        (r"[()*+]\(+", r"[()*+]\(+", []),
    ],
)
def test_the_reference(expression: str, rewritten: str, groups: list[int]) -> None:
    assert reference(expression) == (rewritten, groups)


@pytest.mark.parametrize(
    "name", ["RESPONSE_HEAD", "FIELD_LINES", "TRAILERS", "_LINES", "_HEAD", "_SCHEME", "_PIECE", "_AUTHORITY"]
)
def test_the_grammars_are_among_those_compared(name: str) -> None:
    assert any(expression.name.endswith(f".{name}") for expression in ATOMIC)


@pytest.mark.parametrize("expression", ATOMIC, ids=lambda expression: expression.name)
def test_an_expression_matches_what_its_reference_does(expression: Expression) -> None:
    pattern = expression.pattern
    rewritten, groups = reference(text(pattern))
    of_bytes = isinstance(pattern.pattern, bytes)
    plain = re.compile(rewritten.encode("latin-1") if of_bytes else rewritten, pattern.flags)
    originals = list(range(1, pattern.groups + 1))

    @given(
        st.lists(st.from_regex(pattern), min_size=1, max_size=2),
        st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2), st.sampled_from(EDITS)), max_size=4),
    )
    @example([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: padded \r\n\r\nabc" if of_bytes else 'a="b'], [])
    def compare(parts: list[Any], edits: list[tuple[int, int, str]]) -> None:
        subject: Any = (b"" if of_bytes else "").join(parts)
        for position, removed, character in edits:
            inserted: Any = character.encode("latin-1") if of_bytes else character
            subject = subject[:position] + inserted + subject[position + removed :]
        assert found_by(pattern, subject, originals) == found_by(plain, subject, groups)

    compare()
