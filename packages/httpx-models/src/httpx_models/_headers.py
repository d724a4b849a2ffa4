"""Header fields: a view over the raw list, in the order, case and number in which it came.

It knows names, values and their encoding. It must not know what any field means, only which ones are secret.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from . import _pickling

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView

    from .types import HeaderTypes

Field = tuple[bytes, bytes]

SECRET_NAMES = frozenset({b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"})

_TELLING = frozenset({b"content-encoding", b"set-cookie"})
_TELLING_LENGTHS = frozenset(map(len, _TELLING))


class Headers(MutableMapping[str, str]):
    """Header fields, looked up by name in any case; a name may occur several times (RFC 9110 §5).

    Nothing is indexed before the first lookup, and the list of raw fields is never changed in place: copies of one
    `Headers`, and whoever handed the list over, share it safely.

    Args:
        headers: A mapping or a sequence of pairs, of str or bytes; or other `Headers`.
        encoding: How str is encoded, and bytes decoded. Without it, str must be ASCII, and bytes are decoded as
            ASCII, UTF-8 or ISO-8859-1, the first that fits all fields.

    Raises:
        TypeError: A name or a value is neither str nor bytes.
        UnicodeEncodeError: A name or a value does not fit the encoding (UnicodeDecodeError: bytes do not, when they are
            looked up). The message names the field, never its value.
    """

    __slots__ = ("__weakref__", "_addressed", "_broken", "_encoding", "_index", "_raw", "_untelling")

    _addressed: tuple[list[Field], bytes, Headers] | None
    _raw: list[Field]
    _index: dict[bytes, bytes] | None
    _broken: bool | None
    _untelling: list[Field] | None

    def __init__(self, headers: HeaderTypes | None = None, encoding: str | None = None) -> None:
        self._encoding = encoding
        self._addressed = None
        if isinstance(headers, Headers):
            self._raw = headers._raw
            self._index = headers._index
            self._broken = headers._broken
            self._untelling = headers._untelling
            return
        self._index = self._broken = self._untelling = None
        if headers is None:
            self._raw = []
        else:
            pairs: Iterable[Any] = headers.items() if isinstance(headers, Mapping) else headers
            self._raw = [_encode_field(name, value, encoding or "ascii") for name, value in pairs]

    @classmethod
    def from_raw(cls, raw: list[Field]) -> Headers:
        """Make a view over a list of raw fields without copying it, or looking at it.

        The list is handed over: the caller must not change it afterwards. The view never changes it either.

        Args:
            raw: Pairs of name and value, both bytes.
        """
        headers = cls.__new__(cls)
        headers._raw = raw
        headers._addressed = headers._broken = headers._encoding = headers._index = headers._untelling = None
        return headers

    @property
    def raw(self) -> list[Field]:
        """The fields as pairs of bytes, with order, case and repetitions as given: a new list of the same pairs."""
        return self._raw[:]

    @property
    def encoding(self) -> str:
        """How values are decoded: what was set, else the first of ascii, utf-8, iso-8859-1 that fits all fields."""
        if self._encoding is not None:
            return self._encoding
        everything = b"\n".join(chain.from_iterable(self._raw))
        if everything.isascii():
            return "ascii"
        try:
            everything.decode("utf-8")
        except UnicodeDecodeError:
            return "iso-8859-1"
        return "utf-8"

    @encoding.setter
    def encoding(self, encoding: str) -> None:
        self._encoding = encoding

    def keys(self) -> KeysView[str]:
        """Return the names in lower case, each once."""
        return self._decoded().keys()

    def values(self) -> ValuesView[str]:
        """Return the values, those of a repeated name joined with ", "."""
        return self._decoded().values()

    def items(self) -> ItemsView[str, str]:
        """Return pairs of name in lower case and value, those of a repeated name joined with ", "."""
        return self._decoded().items()

    def multi_items(self) -> list[tuple[str, str]]:
        """Return every field as a pair of name in lower case and value, repeated names repeatedly."""
        encoding = self.encoding
        return [(_decode(name, name.lower(), encoding), _decode(name, value, encoding)) for name, value in self._raw]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a name, or the default when there is none.

        Args:
            key: The name, in any case.
            default: What to return without it.
        """
        value = self._find(key)
        return default if value is None else self._text(key, value)

    def get_list(self, key: str, split_commas: bool = False) -> list[str]:
        """Return the values of all fields of a name, in order; an empty list when there is none.

        Args:
            key: The name, in any case.
            split_commas: Whether to split each value at its commas as well.
        """
        if key not in self:
            return []
        encoding = self.encoding
        wanted = key.lower().encode(encoding)
        values = [_decode(name, value, encoding) for name, value in self._raw if name.lower() == wanted]
        if split_commas:
            return [item.strip() for value in values for item in value.split(",")]
        return values

    def update(self, headers: HeaderTypes | None = None) -> None:  # type: ignore[override]
        """Replace the fields of every name that is given, and add the new ones at the end.

        Args:
            headers: What the constructor accepts.
        """
        other = Headers(headers, encoding=self._encoding)
        replaced = {name.lower() for name, _ in other._raw}
        self._replace([field for field in self._raw if field[0].lower() not in replaced] + other._raw)

    def copy(self) -> Headers:
        """Return independent `Headers` with the same fields and encoding."""
        return Headers(self, encoding=self._encoding)

    def __getitem__(self, key: str) -> str:
        value = self._find(key)
        if value is None:
            raise KeyError(key)
        return self._text(key, value)

    def __setitem__(self, key: str, value: str) -> None:
        field = _encode_field(key, value, self._encoding or "utf-8")
        wanted = field[0].lower()
        raw: list[Field] = []
        placed = False
        for old in self._raw:
            if old[0].lower() != wanted:
                raw.append(old)
            elif not placed:
                raw.append(field)
                placed = True
        if not placed:
            raw.append(field)
        self._replace(raw)

    def __delitem__(self, key: str) -> None:
        wanted = _encode(key, key, self._encoding or "utf-8", "name").lower()
        raw = [field for field in self._raw if field[0].lower() != wanted]
        if len(raw) == len(self._raw):
            raise KeyError(key)
        self._replace(raw)

    def __contains__(self, key: Any) -> bool:
        return isinstance(key, str) and self._find(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._raw)

    def __eq__(self, other: object) -> bool:
        try:
            theirs = Headers(cast("Any", other))._raw
        except (TypeError, ValueError):
            return False
        return sorted(map(_comparable, self._raw)) == sorted(map(_comparable, theirs))

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: HeaderTypes) -> Headers:
        """Return new `Headers`: these, updated with the others."""
        merged = self.copy()
        merged.update(other)
        return merged

    def __ior__(self, other: HeaderTypes) -> Headers:
        self.update(other)
        return self

    def __repr__(self) -> str:
        encoding = self.encoding
        shown = [
            (
                name.lower().decode(encoding, "backslashreplace"),
                "[secure]" if name.lower() in SECRET_NAMES else value.decode(encoding, "backslashreplace"),
            )
            for name, value in self._raw
        ]
        as_dict = dict(shown)
        fields: object = as_dict if len(as_dict) == len(shown) else shown
        said = "" if encoding == "ascii" else f", encoding={encoding!r}"
        return f"{type(self).__name__}({fields!r}{said})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.restore, (_pickling.reference(type(self)),), (self._raw[:], self._encoding)

    def __setstate__(self, state: tuple[list[Field], str | None]) -> None:
        raw, self._encoding = state
        self._replace(raw)

    def _replace(self, raw: list[Field]) -> None:
        """Take a new list of fields. The old one may be somebody else's."""
        self._raw = raw
        self._addressed = self._broken = self._index = self._untelling = None

    def _build_index(self) -> dict[bytes, bytes]:
        """Return the values by lower-case name, joined where a name is repeated, and keep them."""
        raw = self._raw
        index: dict[bytes, bytes] = {}
        repeated: dict[bytes, list[bytes]] = {}
        for name, value in raw:
            key = name.lower()
            if key in index:
                repeated.setdefault(key, [index[key]]).append(value)
            else:
                index[key] = value
        for key, values in repeated.items():  # at once: one by one takes longer and longer
            index[key] = b", ".join(values)
        self._index = index
        if self._raw is not raw:  # another thread has replaced them meanwhile, and what was kept is what they were
            self._index = None
        return index

    def _carries(self, name: bytes) -> bool:
        """Return whether there is a field of this lower-case name; for a few questions no index is built."""
        if self._index is not None:
            return name in self._index
        length = len(name)
        for given, _ in self._raw:  # noqa: SIM110 - a generator costs twice as much, and every message is asked
            if len(given) == length and given.lower() == name:
                return True
        return False

    def _tells(self, name: bytes) -> bool:
        """Return whether there is a field of this name, one of those that every response is asked for.

        Most responses have none of them: that is found out once.
        """
        raw = self._raw
        if self._untelling is raw:
            return False
        for given, _ in raw:
            if len(given) in _TELLING_LENGTHS and given.lower() in _TELLING:
                return self._carries(name)
        self._untelling = raw
        return False

    def _to_host(self, host: bytes) -> Headers:
        """Return the fields of a request to a host: `Host` is the first where it is not given.

        A client sends the same fields to the same host again and again: the last ones are kept, and copied.
        """
        given, known = self._raw, self._addressed
        if known is None or known[0] is not given or known[1] != host:  # threads may replace the fields meanwhile
            addressed = Headers.from_raw(given)
            if not addressed._carries(b"host"):
                addressed = Headers.from_raw([(b"Host", host), *given])
            addressed._breaks_line()  # so that each copy knows
            self._addressed = known = given, host, addressed
        return Headers(known[2])

    def _breaks_line(self) -> bool:
        """Return whether a name or a value has a line break or NUL; asked of the same fields again, it is known."""
        broken = self._broken
        if broken is None:
            raw = self._raw
            octets = b"".join(chain.from_iterable(raw))
            self._broken = broken = b"\r" in octets or b"\n" in octets or b"\0" in octets
            if self._raw is not raw:  # another thread has replaced them meanwhile
                self._broken = None
        return broken

    def _find(self, key: str) -> bytes | None:
        """Return the value of a name in any case, joined where the name is repeated."""
        index = self._index
        if index is None:
            index = self._build_index()
        try:
            return index.get(key.lower().encode(self._encoding or "utf-8"))
        except UnicodeEncodeError:
            return None
        except AttributeError:
            raise TypeError(f"Header name must be str, not {type(key)}") from None

    def _text(self, key: str, value: bytes) -> str:
        if self._encoding is None and value.isascii():
            return value.decode("ascii")
        return _decode(key.encode("utf-8"), value, self.encoding)

    def _decoded(self) -> dict[str, str]:
        encoding = self.encoding
        index = self._build_index() if self._index is None else self._index
        return {_decode(name, name, encoding): _decode(name, value, encoding) for name, value in index.items()}


def _comparable(field: Field) -> Field:
    return field[0].lower(), field[1]


def _encode_field(name: Any, value: Any, encoding: str) -> Field:
    """Return a field as bytes, or raise the error that names it."""
    if not isinstance(value, str | bytes):
        raise TypeError(f"Header value must be str or bytes, not {type(value)}, for header {_shown(name)}")
    if not isinstance(name, str | bytes):
        raise TypeError(f"Header name must be str or bytes, not {type(name)}")
    return _encode(name, name, encoding, "name"), _encode(name, value, encoding, "value")


def _encode(name: str | bytes, text: str | bytes, encoding: str, what: str) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        # The original error holds the text, which may be a secret: this one holds as many replacement characters.
        hidden = "\N{REPLACEMENT CHARACTER}" * len(text)
        reason = f"{error.reason}, in the {what} of header {_shown(name)}"
        refusal = UnicodeEncodeError(error.encoding, hidden, error.start, error.end, reason)
    raise refusal  # here, so that the original is not its context


def _decode(name: bytes, octets: bytes, encoding: str) -> str:
    """Return a name or a value as text, or raise the error that names the field and hides the value."""
    try:
        return octets.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"{error.reason}, in header {_shown(name)}"
        hidden = b"?" * len(octets)
        refusal = UnicodeDecodeError(error.encoding, hidden, error.start, error.end, reason)
    raise refusal


def _shown(name: object) -> str:
    """Return a name for an error message: cut to a length that fits one."""
    return ascii(name)[:80]
