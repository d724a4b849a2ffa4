"""QueryParams: an immutable ordered list of pairs that can be asked like a dictionary."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import pytest

from httpx_urls import InvalidURL, QueryParams


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        (None, []),
        ("", []),
        ("&&", []),
        ({}, []),
        ([], []),
        ("a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        ("a&b=&=c&&d==e", [("a", ""), ("b", ""), ("", "c"), ("d", "=e")]),
        ("a+b=c+d%20e%2B&%zz=%e2%82", [("a b", "c d e+"), ("%zz", "\ufffd")]),
        ("a;b=1", [("a;b", "1")]),
        ("?a=1", [("?a", "1")]),
        ("é=ü", [("é", "ü")]),
        (b"a=1&b=%C3%BC", [("a", "1"), ("b", "ü")]),
        (
            {"a": "1", "b": 2, "c": 1.5, "d": True, "e": False, "f": None},
            list(zip("abcdef", ["1", "2", "1.5", "true", "false", ""], strict=True)),
        ),
        ({"a": [1, None, True], "b": ("x",), "c": []}, [("a", "1"), ("a", ""), ("a", "true"), ("b", "x")]),
        (OrderedDict(b=1, a=2), [("b", "1"), ("a", "2")]),
        ({1: 2}, [("1", "2")]),
        ({"a": {"b": 1}}, [("a", "{'b': 1}")]),
        ([("a", 1), ("b", None), ("a", 3)], [("a", "1"), ("b", ""), ("a", "3")]),
        ((("a", "1"), ["b", 2]), [("a", "1"), ("b", "2")]),
        (QueryParams("a=1&a=2"), [("a", "1"), ("a", "2")]),
    ],
)
def test_what_it_is_made_of(given: Any, pairs: list[tuple[str, str]]) -> None:
    params = QueryParams(given)
    assert params.multi_items() == pairs
    assert QueryParams(str(params)).multi_items() == pairs
    assert bool(params) is bool(pairs)


def test_names_instead_of_an_argument() -> None:
    assert QueryParams(a=1, b=["x", "y"]).multi_items() == [("a", "1"), ("b", "x"), ("b", "y")]
    assert QueryParams().multi_items() == []


@pytest.mark.parametrize(
    ("arguments", "names", "message"),
    [
        ((1,), {}, "Invalid type for params. Expected a mapping, pairs, str or bytes, got <class 'int'>"),
        (
            (iter([("a", 1)]),),
            {},
            "Invalid type for params. Expected a mapping, pairs, str or bytes, got <class 'list_i",
        ),
        ((["a=b"],), {}, "Invalid params: item 0 is no pair of a name and a value"),
        (([("a", 1), (b"a", 1), b"ab"],), {}, "Invalid params: item 2 is no pair of a name and a value"),
        (([("a", 1, 2)],), {}, "Invalid params: item 0 is no pair of a name and a value"),
        (([1],), {}, "Invalid params: item 0 is no pair of a name and a value"),
        (("a", "b"), {}, "Too many arguments."),
        (("a",), {"b": 1}, "Cannot mix named and unnamed arguments."),
        ((None,), {"b": 1}, "Cannot mix named and unnamed arguments."),
    ],
)
def test_type_errors(arguments: tuple[Any, ...], names: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        QueryParams(*arguments, **names)
    assert str(caught.value).startswith(message)


def test_text_that_no_query_can_say() -> None:
    with pytest.raises(InvalidURL, match="Invalid query: byte 0xff at position 2 is not ASCII"):
        QueryParams(b"a=\xff")
    with pytest.raises(InvalidURL, match="half a surrogate pair"):
        str(QueryParams({"a": "b\ud800"}))


def test_as_a_mapping_it_shows_each_name_once() -> None:
    params = QueryParams("a=1&b=2&a=3")
    assert isinstance(params, Mapping)
    assert dict(params) == dict(params.items()) == {"a": "1", "b": "2"}
    assert list(params) == list(params.keys()) == ["a", "b"]
    assert list(params.values()) == ["1", "2"]
    assert len(params) == 2
    assert "a" in params
    assert "z" not in params
    assert params["a"] == params.get("a") == "1"
    assert (params.get("z"), params.get("z", 5)) == (None, 5)
    assert (params.get_list("a"), params.get_list("z")) == (["1", "3"], [])
    numbered: Any = {1: 2}
    assert QueryParams(numbered).get(1) == "2"
    with pytest.raises(KeyError, match="'z'"):
        params["z"]


def test_changed_copies() -> None:
    params = QueryParams("a=1&b=2&a=3")
    assert str(params.set("a", 4)) == "a=4&b=2"
    assert str(params.set("c")) == "a=1&b=2&a=3&c="
    assert str(params.set("b", ["x"])) == "a=1&b=%5B%27x%27%5D&a=3"
    assert str(params.add("b", None)) == "a=1&b=2&a=3&b="
    assert str(params.add("a", True)) == "a=1&b=2&a=3&a=true"
    assert str(params.remove("a")) == "b=2"
    assert str(params.remove("z")) == "a=1&b=2&a=3"
    assert str(params.merge({"a": [5, 6], "c": 7})) == "a=5&a=6&b=2&c=7"
    assert str(params.merge("c=1&c=2&b=")) == "a=1&b=&a=3&c=1&c=2"
    assert str(params.merge({"a": []})) == "b=2"
    assert str(params.merge(QueryParams(b="x"))) == "a=1&b=x&a=3"
    assert str(params.merge()) == str(params.merge({})) == str(params) == "a=1&b=2&a=3"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, ""),
        ({"a": 1, "b": None, "c": [1, None], "d": [None], "e": ""}, "a=1&c=1&e="),
        ([("a", None), ("b", 1), ["c", None]], "b=1"),
        ((("a", None), ("b", 0)), "b=0"),
        ("a=1&b", "a=1&b="),
        (b"a=1&c", "a=1&c="),
        (QueryParams({"a": None}), "a="),
    ],
)
def test_nones_are_left_out_on_request(given: Any, shown: str) -> None:
    assert str(QueryParams.omit_none(given)) == shown


def test_nones_are_left_out_of_names() -> None:
    assert str(QueryParams.omit_none(a=None, b=False)) == "b=false"
    with pytest.raises(TypeError, match="Cannot mix named and unnamed arguments"):
        QueryParams.omit_none("a", b=1)


def test_it_is_a_value() -> None:
    params = QueryParams("a=1&b=2&a=3")
    assert params == QueryParams("b=2&a=3&a=1")
    assert hash(params) == hash(QueryParams("b=2&a=3&a=1"))
    assert params != QueryParams("a=1&b=2")
    assert params != "a=1&b=2&a=3"
    assert repr(params) == "QueryParams('a=1&b=2&a=3')"
    assert str(params) is str(params)
    assert copy.copy(params) is copy.deepcopy(params) is params
    assert pickle.loads(pickle.dumps(params)).multi_items() == params.multi_items()


def test_it_cannot_be_changed() -> None:
    params = QueryParams("a=1")
    with pytest.raises(RuntimeError, match=r"immutable since 0\.18\.0\. Use `q = q\.merge\(\.\.\.\)` to create"):
        params.update({"a": 2})
    with pytest.raises(RuntimeError, match=r"immutable since 0\.18\.0\. Use `q = q\.set\(key, value\)` to create"):
        params["a"] = "2"
    with pytest.raises(AttributeError, match="QueryParams is immutable: '_pairs' cannot be set"):
        params._pairs = ()
    with pytest.raises(AttributeError, match="QueryParams is immutable: '_pairs' cannot be deleted"):
        del params._pairs
    assert not hasattr(params, "__dict__")
