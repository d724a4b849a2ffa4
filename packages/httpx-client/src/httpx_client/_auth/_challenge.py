"""The grammar of challenges: WWW-Authenticate, Proxy-Authenticate (RFC 9110 §11.3, §11.6.1), Authentication-Info.

Text in, plain values out; each character stands for one octet (ISO-8859-1). It must not know what a scheme means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Challenge(NamedTuple):
    """One way to prove who one is, as a server or a proxy offers it."""

    scheme: str
    """The name of the scheme, in lower case."""

    parameters: dict[str, str]
    """Its parameters by name in lower case, unquoted. Of a name that is repeated, the last value."""

    token: str
    """What stands there instead of parameters (`token68`); or empty."""

    flaw: str
    """The first piece of it that is not in the grammar; or empty."""


_NAME: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED: Final = r'"(?>(?:[^"\\]|\\.)*)"'
_END: Final = r"[ \t]*+(?=,|\Z)"
# A value without quotes may be anything that does not end it: base64 and paths are seen in the wild.
_PARAMETER: Final = rf'({_NAME})[ \t]*+=[ \t]*+(?:({_QUOTED})|([^ \t\r\n",]*+)){_END}'
_SCHEME: Final = rf"({_NAME})(?:{_END}|[ \t]++(?:([A-Za-z0-9\-._~+/]++=*+){_END})?)"
_FLAW: Final = r'(?![ \t\r\n,])((?>(?:[^",]|"(?>(?:[^"\\]|\\.)*)["\\]?)+))'
_PIECE: Final = re.compile(f"{_PARAMETER}|{_SCHEME}|{_FLAW}", re.DOTALL)
_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_challenges(fields: Iterable[str]) -> list[Challenge]:
    """Return the challenges of all fields of a name, in order. What is not in the grammar is noted in its challenge.

    Args:
        fields: The values of the fields.
    """
    challenges: list[Challenge] = []
    for field in fields:
        current: Challenge | None = None
        for kind, name, value in _pieces(field):
            if kind == "scheme":
                current = Challenge(name, {}, value, "")
                challenges.append(current)
            elif current is None:
                continue  # of no challenge
            elif kind == "parameter":
                current.parameters[name] = value
            elif not current.flaw:
                current = challenges[-1] = current._replace(flaw=value)
    return challenges


def parse_parameters(fields: Iterable[str]) -> dict[str, str]:
    """Return the parameters of fields that have nothing else, such as Authentication-Info (RFC 9110 §11.6.3).

    Args:
        fields: The values of the fields.
    """
    return {name: value for field in fields for kind, name, value in _pieces(field) if kind == "parameter"}


def quote(text: str) -> str:
    """Return a quoted-string (RFC 9110 §5.6.4).

    Args:
        text: What it shall say.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _pieces(field: str) -> Iterator[tuple[str, str, str]]:
    """Yield what stands between commas: schemes with their token68, parameters with their values, and flaws."""
    for found in _PIECE.finditer(field):
        name, quoted, bare, scheme, token, flaw = found.groups()
        if name is not None:
            yield "parameter", name.lower(), bare if quoted is None else _PAIR.sub(r"\1", quoted[1:-1])
        elif scheme is not None:
            yield "scheme", scheme.lower(), token or ""
        else:
            yield "flaw", "", flaw
