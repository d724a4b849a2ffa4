"""QueryParams: what a query says, as an immutable ordered list of pairs that can be asked like a dictionary.

It knows the types that people give, not how pairs are written (`_form`) nor URLs.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Any, Final, TypeAlias

from ._errors import InvalidURL
from ._form import Pair, parse_form, serialise_form

PrimitiveData: TypeAlias = str | int | float | bool | None


class QueryParams(Mapping[str, str]):
    """The parameters of a query: immutable, ordered, a name may occur more than once.

    As a mapping it shows each name once, with its first value; `multi_items()` and `get_list()` show all.
    Two are equal if they say the same pairs in any order.

    >>> QueryParams("a=1&b=2&a=3").multi_items()
    [('a', '1'), ('b', '2'), ('a', '3')]
    >>> str(QueryParams({"q": "50% off", "page": 2, "tag": ["x", "y"]}))
    'q=50%25+off&page=2&tag=x&tag=y'

    Args:
        *args: At most one: a query as str or ASCII bytes, a mapping (a value may be a list or tuple), a list or tuple of
            pairs, another `QueryParams`, or None.
        **kwargs: The parameters by name, instead of an argument.

    Values are text; True and False become "true" and "false", None an empty text, anything else its `str()`.

    Raises:
        TypeError: The argument is none of these, there are two, or it is mixed with names.
        InvalidURL: It is bytes that are not ASCII.
    """

    __slots__ = ("_first", "_pairs", "_text")

    _first: dict[str, str]
    _pairs: tuple[Pair, ...]
    _text: str

    def __init__(self, *args: QueryParamTypes | None, **kwargs: Any) -> None:
        if len(args) > 1:
            raise TypeError("Too many arguments.")
        if args and kwargs:
            raise TypeError("Cannot mix named and unnamed arguments.")
        _set_pairs(self, _to_pairs(args[0] if args else kwargs))

    @classmethod
    def omit_none(cls, params: QueryParamTypes | None = None, /, **kwargs: Any) -> QueryParams:
        """Return the parameters without those whose value is None, where the constructor makes them empty.

        >>> QueryParams.omit_none({"q": "x", "page": None, "tag": ["a", None]})
        QueryParams('q=x&tag=a')

        Args:
            params: As for the constructor; a None inside a list is left out too.
            **kwargs: The parameters by name, instead of an argument.

        Raises:
            TypeError, InvalidURL: As the constructor.
        """
        if params is not None and kwargs:
            raise TypeError("Cannot mix named and unnamed arguments.")
        given = kwargs if params is None else params
        if isinstance(given, Mapping) and not isinstance(given, QueryParams):
            return cls({name: _without_none(value) for name, value in given.items() if value is not None})
        if isinstance(given, (list, tuple)):
            return cls([pair for pair in _checked(given) if pair[1] is not None])
        return cls(given)

    def keys(self) -> KeysView[str]:
        """Return the names, each once, in order."""
        return self._index().keys()

    def values(self) -> ValuesView[str]:
        """Return the first value of each name, in order."""
        return self._index().values()

    def items(self) -> ItemsView[str, str]:
        """Return each name with its first value, in order."""
        return self._index().items()

    def multi_items(self) -> list[tuple[str, str]]:
        """Return all pairs, in order."""
        return list(self._pairs)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the first value of `key`, or `default` if there is none."""
        return self._index().get(str(key), default)

    def get_list(self, key: str) -> list[str]:
        """Return all values of `key`, in order; an empty list if there is none."""
        key = str(key)
        return [value for name, value in self._pairs if name == key]

    def set(self, key: str, value: Any = None) -> QueryParams:
        """Return a copy in which `key` has this one value, where it first stood or at the end."""
        return self.merge([(key, value)])

    def add(self, key: str, value: Any = None) -> QueryParams:
        """Return a copy with one more pair at the end."""
        return _from_pairs((*self._pairs, (str(key), primitive_value_to_str(value))))

    def remove(self, key: str) -> QueryParams:
        """Return a copy without `key`; the same pairs if it is not there."""
        key = str(key)
        return _from_pairs(tuple([pair for pair in self._pairs if pair[0] != key]))

    def merge(self, params: QueryParamTypes | None = None) -> QueryParams:
        """Return a copy in which each name of `params` has the values of `params`, where it first stood or at the end.

        Args:
            params: As for the constructor.

        Raises:
            TypeError, InvalidURL: As the constructor.
        """
        # A name with an empty list is given too: it takes the name away.
        new: dict[str, list[Pair]] = {str(name): [] for name in params} if isinstance(params, Mapping) else {}
        for pair in _to_pairs(params):
            new.setdefault(pair[0], []).append(pair)
        merged: list[Pair] = []
        for pair in self._pairs:
            if pair[0] not in new:
                merged.append(pair)
            else:
                merged += new[pair[0]]
                new[pair[0]] = []
        merged += [pair for pairs in new.values() for pair in pairs]
        return _from_pairs(tuple(merged))

    def update(self, params: QueryParamTypes | None = None) -> None:  # noqa: ARG002 - the signature is 0.28's
        """Raise RuntimeError: there is `merge`."""
        raise RuntimeError("QueryParams are immutable since 0.18.0. Use `q = q.merge(...)` to create an updated copy.")

    def __setitem__(self, key: str, value: str) -> None:
        raise RuntimeError(
            "QueryParams are immutable since 0.18.0. Use `q = q.set(key, value)` to create an updated copy."
        )

    def _index(self) -> dict[str, str]:
        try:
            return self._first
        except AttributeError:
            first: dict[str, str] = {}
            for name, value in self._pairs:
                first.setdefault(name, value)
            _set_first(self, first)
            return first

    def __getitem__(self, key: Any) -> str:
        return self._index()[key]

    def __contains__(self, key: Any) -> bool:
        return key in self._index()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._index())

    def __len__(self) -> int:
        return len(self._index())

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, QueryParams) and sorted(self._pairs) == sorted(other._pairs)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._pairs)))

    def __str__(self) -> str:
        try:
            return self._text
        except AttributeError:
            text = serialise_form(self._pairs)
            _set_text(self, text)
            return text

    def __repr__(self) -> str:
        return f"QueryParams({str(self)!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"QueryParams is immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"QueryParams is immutable: {name!r} cannot be deleted")

    def __copy__(self) -> QueryParams:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> QueryParams:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_pairs, (self._pairs,)


# A union of classes, not of names: users' annotations are evaluated where these names are unknown.
QueryParamTypes: TypeAlias = (
    QueryParams
    | Mapping[str, PrimitiveData | Sequence[PrimitiveData]]
    | list[tuple[str, PrimitiveData]]
    | tuple[tuple[str, PrimitiveData], ...]
    | str
    | bytes
)

# Past the guard of `__setattr__`: the functions of this module alone use them.
_set_pairs: Final = QueryParams.__dict__["_pairs"].__set__
_set_first: Final = QueryParams.__dict__["_first"].__set__
_set_text: Final = QueryParams.__dict__["_text"].__set__


def _from_pairs(pairs: tuple[Pair, ...]) -> QueryParams:
    params = QueryParams()
    _set_pairs(params, pairs)
    return params


def primitive_value_to_str(value: PrimitiveData) -> str:
    """Return a value as a query says it: "true", "false", an empty text for None, else `str(value)`.

    Raises:
        InvalidURL: It is an int with more digits than Python makes a text of.
    """
    if value is True:
        return "true"
    if value is False:
        return "false"
    try:
        return "" if value is None else str(value)
    except ValueError as error:  # an int may have too many digits
        raise InvalidURL(f"Invalid params: {type(value).__name__} without a text, {error}") from None


def _to_pairs(given: Any) -> tuple[Pair, ...]:
    if given is None:
        return ()
    if isinstance(given, QueryParams):
        return given._pairs
    if isinstance(given, bytes):
        try:
            return parse_form(given.decode("ascii"))
        except UnicodeDecodeError as error:
            raise InvalidURL(
                f"Invalid query: byte {given[error.start]:#x} at position {error.start} is not ASCII"
            ) from None
    if isinstance(given, str):
        return parse_form(str.__str__(given))
    if isinstance(given, (list, tuple)):
        return tuple([(str(name), primitive_value_to_str(value)) for name, value in _checked(given)])
    if isinstance(given, Mapping):
        pairs: list[Pair] = []
        for name, value in given.items():
            values = value if isinstance(value, (list, tuple)) else (value,)
            pairs += [(str(name), primitive_value_to_str(one)) for one in values]
        return tuple(pairs)
    raise TypeError(f"Invalid type for params. Expected a mapping, pairs, str or bytes, got {type(given)}")


def _checked(pairs: list[Any] | tuple[Any, ...]) -> list[Any] | tuple[Any, ...]:
    for position, pair in enumerate(pairs):
        if not isinstance(pair, Sequence) or isinstance(pair, str | bytes) or len(pair) != len(("name", "value")):
            raise TypeError(f"Invalid params: item {position} is no pair of a name and a value")
    return pairs


def _without_none(value: Any) -> Any:
    return [one for one in value if one is not None] if isinstance(value, (list, tuple)) else value
