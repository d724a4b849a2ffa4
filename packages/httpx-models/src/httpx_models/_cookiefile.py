"""Cookies in files: JSON, and the cookies.txt of browsers and curl. It knows the formats, and that they are secret."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from http.cookiejar import Cookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_NETSCAPE_HEAD = "# Netscape HTTP Cookie File"
_HTTP_ONLY = "#HttpOnly_"
_EXPIRES = re.compile(r"[0-9]*")


def write(cookies: Iterable[Cookie], path: str | os.PathLike[str], form: str, now: float) -> None:
    """Replace a file by one with the cookies that have not expired, readable by its owner only.

    Raises:
        OSError: It cannot be written.
        ValueError: There is no such format, or it has no way to write a cookie.
    """
    if form not in {"json", "netscape"}:
        raise ValueError(f"Unknown format {form!r}: 'json' or 'netscape'")
    kept = [cookie for cookie in cookies if not cookie.is_expired(now)]  # type: ignore[arg-type]
    text = json.dumps([_to_dict(cookie) for cookie in kept], indent=1) if form == "json" else _to_netscape(kept)
    target = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".cookies-")  # its mode is 0600
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(f"{text}\n")
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def read(path: str | os.PathLike[str], now: float) -> list[Cookie]:
    """Return the cookies of a file that have not expired.

    Raises:
        OSError: It cannot be read.
        ValueError: It is in neither format.
    """
    text = Path(path).read_text(encoding="utf-8")
    cookies = _from_json(text) if text.lstrip().startswith("[") else _from_netscape(text)
    return [cookie for cookie in cookies if not cookie.is_expired(now)]  # type: ignore[arg-type]


def _make(
    name: str,
    value: str | None,
    domain: str,
    path: str,
    *,
    for_domain: bool,
    secure: bool,
    expires: int | None,
    rest: dict[str, Any],
) -> Cookie:
    return Cookie(
        version=0,
        name=name,
        value=value,
        port=None,
        port_specified=False,
        domain=domain,
        domain_specified=for_domain,
        domain_initial_dot=domain.startswith("."),
        path=path,
        path_specified=True,
        secure=secure,
        expires=expires,
        discard=expires is None,
        comment=None,
        comment_url=None,
        rest=rest,
    )


def _rest(cookie: Cookie) -> dict[str, Any]:
    rest: dict[str, Any] = vars(cookie).get("_rest", {})
    return rest


def _to_dict(cookie: Cookie) -> dict[str, Any]:
    return {
        "name": cookie.name,
        "value": cookie.value,
        "domain": cookie.domain,
        "host_only": not cookie.domain_specified,
        "path": cookie.path,
        "secure": cookie.secure,
        "expires": cookie.expires,
        "rest": _rest(cookie),
    }


def _from_json(text: str) -> list[Cookie]:
    try:
        return [
            _make(
                str(item["name"]),
                _text_or_none(item["value"]),
                str(item["domain"]),
                str(item["path"]),
                for_domain=not item["host_only"],
                secure=bool(item["secure"]),
                expires=None if item["expires"] is None else int(item["expires"]),
                rest=dict(item["rest"]),
            )
            for item in json.loads(text)
        ]
    except json.JSONDecodeError as error:
        raise ValueError(f"The cookie file is no JSON: line {error.lineno}, column {error.colno}") from None
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        raise ValueError("The cookie file is JSON, but not a list of cookies as written here") from None


def _text_or_none(value: Any) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError
    return value


def _to_netscape(cookies: list[Cookie]) -> str:
    lines = [_NETSCAPE_HEAD, ""]
    for cookie in cookies:
        name, value = ("", cookie.name) if cookie.value is None else (cookie.name, cookie.value)
        domain = f".{cookie.domain.removeprefix('.')}" if cookie.domain_specified else cookie.domain
        http_only = _HTTP_ONLY if any(key.lower() == "httponly" for key in _rest(cookie)) and domain else ""
        flags = ["TRUE" if flag else "FALSE" for flag in (cookie.domain_specified, cookie.secure)]
        fields = [f"{http_only}{domain}", flags[0], cookie.path, flags[1], str(cookie.expires or 0), name, value]
        if any(character in field for field in fields for character in "\t\r\n"):
            raise ValueError(f"Cookie {cookie.name!r} contains a tab or a line break, which cookies.txt cannot hold")
        lines.append("\t".join(fields))
    return "\n".join(lines)


def _from_netscape(text: str) -> list[Cookie]:
    cookies = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        rest = {"HttpOnly": None} if line.startswith(_HTTP_ONLY) else {}
        line = line.removeprefix(_HTTP_ONLY)
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) == 6:  # an empty value, whose tab somebody has trimmed
            fields.append("")
        if len(fields) != 7 or not _EXPIRES.fullmatch(fields[4]):
            raise ValueError(f"The cookie file is neither JSON nor a cookies.txt: line {number}")
        domain, for_domain, path, secure, expires, name, value = fields
        cookies.append(
            _make(
                name,
                value,
                domain,
                path,
                for_domain=for_domain == "TRUE",
                secure=secure == "TRUE",
                expires=int(expires or 0) or None,
                rest=rest,
            )
        )
    return cookies
