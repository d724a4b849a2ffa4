"""Header fields: lookups, order, repetition, encoding, secrets, and that nothing is copied or indexed early."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from httpx_models import Headers, LocalProtocolError, Request

if TYPE_CHECKING:
    from collections.abc import Callable

names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
fields = st.lists(st.tuples(names, values), max_size=8)


def test_names_are_found_in_any_case() -> None:
    headers = Headers({"Content-Type": "text/plain"})
    assert headers["content-type"] == headers["CONTENT-TYPE"] == "text/plain"
    assert "Content-type" in headers
    assert headers.get("cONTENT-tYPE") == "text/plain"


def test_a_missing_name() -> None:
    headers = Headers([("a", "1")])
    with pytest.raises(KeyError, match="^'x'$"):
        headers["x"]
    assert headers.get("x") is None
    assert headers.get("x", "default") == "default"
    assert "x" not in headers
    assert headers.get_list("x") == []
    with pytest.raises(KeyError):
        del headers["x"]


@pytest.mark.parametrize("odd", [1, None, b"a"])
def test_a_name_that_is_no_text(odd: Any) -> None:
    headers = Headers({"a": "1"})
    assert odd not in headers
    with pytest.raises(TypeError, match="Header name must be str"):
        headers[odd]


def test_a_name_that_cannot_be_encoded_is_missing() -> None:
    headers = Headers({"a": "1"})
    assert headers.get("\udcff") is None
    assert "\udcff" not in headers
    assert headers.get_list("é") == headers.get_list("\udcff") == []


def test_a_repeated_name() -> None:
    headers = Headers([("A", "1, 3"), ("b", "x"), ("a", "2")])
    assert headers["a"] == "1, 3, 2"
    assert headers.get_list("A") == ["1, 3", "2"]
    assert headers.get_list("A", split_commas=True) == ["1", "3", "2"]
    assert headers.multi_items() == [("a", "1, 3"), ("b", "x"), ("a", "2")]
    assert list(headers) == list(headers.keys()) == ["a", "b"]
    assert list(headers.values()) == ["1, 3, 2", "x"]
    assert dict(headers.items()) == dict(headers) == {"a": "1, 3, 2", "b": "x"}
    assert len(headers) == 3


def test_raw_keeps_order_case_and_repetitions() -> None:
    mixed: Any = [("B", "1"), (b"a", b"2"), ("b", "3")]
    headers = Headers(mixed)
    assert headers.raw == [(b"B", b"1"), (b"a", b"2"), (b"b", b"3")]
    headers.raw.append((b"c", b"4"))
    assert "c" not in headers


def test_from_raw_neither_copies_nor_looks() -> None:
    class Untouchable(list[tuple[bytes, bytes]]):
        def __iter__(self) -> Any:
            raise AssertionError("looked at")

    raw = Untouchable([(b"A", b"1")])
    headers = Headers.from_raw(raw)
    assert headers._raw is raw
    assert headers._index is None
    assert Headers(headers)._raw is raw


def test_a_list_that_was_handed_over_is_never_changed() -> None:
    raw = [(b"A", b"1"), (b"b", b"2")]
    headers = Headers.from_raw(raw)
    twin = Headers(headers)
    headers["a"] = "9"
    headers["c"] = "3"
    del headers["b"]
    headers.update({"d": "4"})
    assert raw == twin.raw == [(b"A", b"1"), (b"b", b"2")]
    assert headers.raw == [(b"a", b"9"), (b"c", b"3"), (b"d", b"4")]


def test_nothing_is_indexed_before_the_first_lookup() -> None:
    headers = Headers([("a", "1")])
    assert headers._index is None
    assert headers["a"] == "1"
    assert headers._index is not None


class Meanwhile:
    """What another thread does to some fields, once, in the middle of what is done with them."""

    def __init__(self, value: str) -> None:
        self.headers = Headers()
        self.value: str | None = value

    def happens(self) -> None:
        value, self.value = self.value, None
        if value is not None:
            self.headers["x"] = value

    def while_they_are_read(self) -> Headers:
        """Return the fields: it happens as somebody goes through them."""
        happens = self.happens

        class Pair(tuple[bytes, bytes]):
            __slots__ = ()

            def __iter__(self) -> Any:
                happens()
                return super().__iter__()

        self.headers = Headers.from_raw([Pair((b"a", b"1"))])
        return self.headers


def test_what_another_thread_sets_meanwhile_is_found() -> None:
    meanwhile = Meanwhile("new")

    class Name(bytes):
        def lower(self) -> bytes:
            meanwhile.happens()
            return super().lower()

    meanwhile.headers = headers = Headers.from_raw([(Name(b"A"), b"1"), (b"x", b"old")])
    assert headers["a"] == "1"
    assert headers["x"] == "new"


def test_a_line_break_that_another_thread_sets_meanwhile_is_refused() -> None:
    meanwhile = Meanwhile("1\r\n2")

    headers = meanwhile.while_they_are_read()
    Request("GET", "http://a.test/", headers=headers)
    with pytest.raises(LocalProtocolError, match="header 'x'"):
        Request("GET", "http://a.test/", headers=headers)


def test_what_was_found_of_fields_that_another_thread_replaces_is_not_kept() -> None:
    meanwhile = Meanwhile("1\r\n2")

    headers = meanwhile.while_they_are_read()
    assert not headers._breaks_line()  # as they were
    assert headers._breaks_line()


def test_what_another_thread_sets_meanwhile_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    slot: Any = vars(Headers)["_addressed"]
    meanwhile = Meanwhile("new")

    class Interrupted:
        def __get__(self, headers: Headers, owner: Any) -> Any:
            return slot.__get__(headers, owner)

        def __set__(self, headers: Headers, value: Any) -> None:
            if value is not None:
                meanwhile.happens()
            slot.__set__(headers, value)

    monkeypatch.setattr(Headers, "_addressed", Interrupted())
    meanwhile.headers = headers = Headers({"x": "old"})
    assert Request("GET", "http://a.test/", headers=headers).headers["x"] == "old"
    assert Request("GET", "http://a.test/", headers=headers).headers["x"] == "new"


def test_setting_replaces_in_place() -> None:
    headers = Headers([("A", "1"), ("b", "2"), ("a", "3"), ("c", "4")])
    headers["a"] = "9"
    assert headers.raw == [(b"a", b"9"), (b"b", b"2"), (b"c", b"4")]
    headers["NEW"] = "v"
    assert headers.raw[-1] == (b"NEW", b"v")
    assert headers["new"] == "v"
    del headers["A"]
    assert headers.raw == [(b"b", b"2"), (b"c", b"4"), (b"NEW", b"v")]


def test_update_replaces_names_and_keeps_repetitions() -> None:
    headers = Headers([("A", "1"), ("b", "2"), ("a", "3")])
    headers.update([("a", "x"), ("A", "y"), ("q", "z")])
    assert headers.raw == [(b"b", b"2"), (b"a", b"x"), (b"A", b"y"), (b"q", b"z")]
    headers.update()
    headers.update({"b": "k"})
    assert headers.raw[-1] == (b"b", b"k")
    assert headers.setdefault("b", "other") == "k"


def test_merging_with_the_pipe() -> None:
    headers = Headers({"a": "1", "b": "2"})
    merged = headers | {"A": "9"}
    assert merged.raw == [(b"b", b"2"), (b"A", b"9")]
    assert headers["a"] == "1"
    headers |= {"c": "3"}
    assert headers["c"] == "3"


@pytest.mark.parametrize(
    "same", [{"A": "1", "b": "2"}, [("B", "2"), ("a", "1")], Headers({"b": "2", "A": "1"}), {b"a": b"1", b"b": b"2"}]
)
def test_equality_is_of_names_and_values_in_any_order(same: Any) -> None:
    assert Headers([("a", "1"), ("B", "2")]) == same


@pytest.mark.parametrize(
    "other", [None, 3, "text", {"a": "1"}, {"a": "1", "b": "3"}, {"a": 1}, [("a", "1"), ("a", "1")]]
)
def test_inequality(other: Any) -> None:
    assert Headers([("a", "1"), ("B", "2")]) != other


def test_headers_are_not_hashable() -> None:
    with pytest.raises(TypeError):
        hash(Headers())


def test_copies_are_independent() -> None:
    headers = Headers({"a": "1"}, encoding="utf-8")
    for twin in (headers.copy(), copy.copy(headers), copy.deepcopy(headers), pickle.loads(pickle.dumps(headers))):
        assert type(twin) is Headers
        assert twin == headers
        assert twin.encoding == "utf-8"
        twin["a"] = "2"
        assert headers["a"] == "1"


class Own(Headers):
    """A subclass of somebody else's."""


def test_a_subclass_survives_a_pickle() -> None:
    assert type(pickle.loads(pickle.dumps(Own({"a": "1"})))) is Own


def test_the_encoding_is_the_first_that_fits() -> None:
    assert Headers([(b"a", b"x")]).encoding == "ascii"
    utf8 = Headers([(b"a", "é".encode())])
    assert utf8.encoding == "utf-8"
    assert utf8["a"] == "é"
    latin = Headers([(b"a", b"\xe9"), (b"b", b"plain")])
    assert latin.encoding == "iso-8859-1"
    assert latin["a"] == "é"
    assert latin.get_list("a") == ["é"]
    assert latin["b"] == "plain"


def test_an_encoding_can_be_said() -> None:
    headers = Headers({"a": "é"}, encoding="utf-8")
    assert headers.raw == [(b"a", b"\xc3\xa9")]
    headers.encoding = "latin-1"
    assert headers["a"] == "Ã©"
    headers["z"] = "é"
    assert headers.raw[-1] == (b"z", b"\xe9")
    plain = Headers({"a": "1"})
    plain["b"] = "é"
    assert plain.raw[-1] == (b"b", b"\xc3\xa9")


def test_an_encoding_error_names_the_header_and_hides_the_value() -> None:
    with pytest.raises(UnicodeEncodeError, match="header 'X-Token'") as caught:
        Headers({"X-Token": "s€cret"})
    assert "cret" not in str(caught.value)
    assert "cret" not in caught.value.object
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    with pytest.raises(UnicodeEncodeError, match="name of header"):
        Headers({"é": "1"})
    with pytest.raises(UnicodeEncodeError, match="name of header"):
        del Headers(encoding="ascii")["é"]


def test_a_decoding_error_names_the_header_and_hides_the_value() -> None:
    headers = Headers([(b"X-Token", b"s3cret\xe9")], encoding="utf-8")
    asks: list[Callable[[], object]] = [
        lambda: headers["X-Token"],
        lambda: headers.get_list("X-Token"),
        headers.multi_items,
        headers.items,
    ]
    for ask in asks:
        with pytest.raises(UnicodeDecodeError, match="(?i)in header b?'x-token'") as caught:
            ask()
        assert "s3cret" not in repr(caught.value)
    assert repr(headers) == "Headers({'x-token': 's3cret\\\\xe9'}, encoding='utf-8')"


@pytest.mark.parametrize("value", [1, 1.5, None, ["1"], bytearray(b"x")])
def test_a_value_of_another_type(value: Any) -> None:
    with pytest.raises(TypeError, match="^Header value must be str or bytes, not <class .*'X-A'"):
        Headers({"X-A": value})
    with pytest.raises(TypeError, match="Header value must be str or bytes"):
        Headers()["X-A"] = value


def test_a_name_of_another_type() -> None:
    odd: Any = {1: "a"}
    with pytest.raises(TypeError, match="Header name must be str or bytes, not <class 'int'>"):
        Headers(odd)


@pytest.mark.parametrize("odd", [3, "abc", [("a",)], [("a", "1", "2")]])
def test_what_is_no_list_of_pairs(odd: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Headers(odd)


def test_repr() -> None:
    assert repr(Headers({"A": "1", "b": "2"})) == "Headers({'a': '1', 'b': '2'})"
    assert repr(Headers([("a", "1"), ("A", "2")])) == "Headers([('a', '1'), ('a', '2')])"
    assert repr(Headers([(b"a", b"\xc3\xa9")])) == "Headers({'a': 'é'}, encoding='utf-8')"
    assert repr(Own()) == "Own({})"


def test_repr_shows_no_secrets() -> None:
    secret: dict[str, str] = dict.fromkeys(("Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"), "s3cret")
    assert "s3cret" not in repr(Headers(secret))
    assert repr(Headers(secret)).count("[secure]") == 4


@given(fields)
@settings(max_examples=200)
def test_round_trip(pairs: list[tuple[str, str]]) -> None:
    headers = Headers(pairs)
    assert [(name.decode(), value.decode()) for name, value in headers.raw] == pairs
    assert Headers(headers.raw) == headers
    assert Headers(headers.multi_items()) == headers
    assert len(headers) == len(pairs)
    for name, _ in pairs:
        assert headers[name.upper()] == ", ".join(v for n, v in pairs if n.lower() == name.lower())
        assert headers.get_list(name.swapcase()) == [v for n, v in pairs if n.lower() == name.lower()]


@given(fields, names, values)
@settings(max_examples=200)
def test_set_then_delete(pairs: list[tuple[str, str]], name: str, value: str) -> None:
    headers = Headers(pairs)
    others = [(n, v) for n, v in headers.multi_items() if n != name.lower()]
    headers[name] = value
    assert headers.get_list(name) == [value]
    del headers[name]
    assert name not in headers
    assert headers.multi_items() == others


def test_what_every_response_is_asked_for() -> None:
    headers = Headers.from_raw([(b"Content-Type", b"text/css"), (b"sixteen-octets--", b"1"), (b"ten-octets", b"1")])
    for _ in range(2):
        assert not headers._tells(b"set-cookie")
        assert not headers._tells(b"content-encoding")
    twin = Headers(headers)
    headers["Set-Cookie"] = "a=b"
    assert headers._tells(b"set-cookie")
    assert not headers._tells(b"content-encoding")
    assert not twin._tells(b"set-cookie")
    headers["CONTENT-ENCODING"] = "gzip"
    assert headers._tells(b"content-encoding")
