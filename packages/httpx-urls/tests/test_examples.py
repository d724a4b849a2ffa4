"""The examples in the README and in the docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
import pathlib

import pytest

README = pathlib.Path(__file__).parents[1] / "README.md"


def test_the_readme() -> None:
    results = doctest.testfile(str(README), module_relative=False)
    assert results.attempted > 20
    assert results.failed == 0


@pytest.mark.parametrize("name", ["httpx_urls", "httpx_urls._url", "httpx_urls._query", "httpx_urls._origin"])
def test_the_docstrings(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
