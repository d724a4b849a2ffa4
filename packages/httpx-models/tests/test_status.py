"""Status codes: numbers, names, phrases, aliases."""

from __future__ import annotations

import http
import pickle
from typing import Any

import pytest

from httpx_models import codes


def test_a_code_is_its_number() -> None:
    number: int = codes.NOT_FOUND
    assert number == 404
    assert codes(404) is codes.NOT_FOUND
    assert str(codes.NOT_FOUND) == f"{codes.NOT_FOUND}" == "404"
    assert repr(codes.NOT_FOUND) == "<codes.NOT_FOUND: 404>"


def test_lower_case_names_are_plain_numbers() -> None:
    lower: Any = codes
    assert lower.not_found == 404
    assert type(lower.ok) is int
    assert getattr(codes, "continue") == 100


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [
        ("REQUEST_ENTITY_TOO_LARGE", "CONTENT_TOO_LARGE", 413),
        ("REQUEST_URI_TOO_LONG", "URI_TOO_LONG", 414),
        ("REQUESTED_RANGE_NOT_SATISFIABLE", "RANGE_NOT_SATISFIABLE", 416),
        ("UNPROCESSABLE_ENTITY", "UNPROCESSABLE_CONTENT", 422),
    ],
)
def test_both_spellings(old: str, new: str, number: int) -> None:
    assert codes[old] is codes[new]
    assert int(codes[new]) == number == getattr(codes, new.lower())


def test_every_code_of_the_standard_library_is_here() -> None:
    assert {int(code) for code in http.HTTPStatus} <= {int(code) for code in codes}


def test_phrases() -> None:
    assert codes.get_reason_phrase(200) == codes.OK.phrase == "OK"
    assert codes.get_reason_phrase(422) == "Unprocessable Entity"
    assert codes.get_reason_phrase(299) == ""
    assert codes.get_reason_phrase(999) == ""


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        (codes.is_informational, 100, 199),
        (codes.is_success, 200, 299),
        (codes.is_redirect, 300, 399),
        (codes.is_client_error, 400, 499),
        (codes.is_server_error, 500, 599),
        (codes.is_error, 400, 599),
    ],
)
def test_classes(question: Any, first: int, last: int) -> None:
    assert question(first)
    assert question(last)
    assert not question(first - 1)
    assert not question(last + 1)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol: int) -> None:
    data = pickle.dumps(codes.OK, protocol)
    assert pickle.loads(data) is codes.OK
