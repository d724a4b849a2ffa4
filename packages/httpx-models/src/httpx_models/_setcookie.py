"""The Set-Cookie field: its grammar and its dates (RFC 6265bis §5.6 and §5.1.1).

It knows what a field says. It must not know who said it, nor whether such a cookie may be stored.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_PAIR = 4096  # bytes of a name and its value together
MAX_ATTRIBUTE = 1024  # bytes of an attribute's value
MAX_AGE = 400 * 24 * 3600  # seconds that a cookie can last

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DATE_TOKEN = re.compile(r"[0-9A-Za-z:\x80-\U0010ffff\x00-\x08\x0a-\x1f\x7f]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)", re.ASCII)
_DAY = re.compile(r"(\d{1,2})(?!\d)", re.ASCII)
_YEAR = re.compile(r"(\d{2,4})(?!\d)", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DELTA = re.compile(r"-?[0-9]+")


class SetCookie(NamedTuple):
    """What a Set-Cookie field says: the pair, and the attributes by lower-case name; the last of a name counts."""

    name: str
    value: str
    attributes: dict[str, str]
    spelled: dict[str, str]
    """How the names of the attributes were written."""


def parse_set_cookie(field: str) -> SetCookie | None:
    """Return what a Set-Cookie field says, or None when it must be ignored.

    Args:
        field: The field's value.
    """
    if _CONTROLS.search(field):
        return None
    pair, _, rest = field.partition(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(" \t"), value.strip(" \t")
    if not (name or value) or len(f"{name}{value}".encode("utf-8", "surrogatepass")) > MAX_PAIR:
        return None
    attributes: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for item in rest.split(";"):
        written, _, text = item.partition("=")
        written, text = written.strip(" \t"), text.strip(" \t")
        if written and len(text.encode("utf-8", "surrogatepass")) <= MAX_ATTRIBUTE:
            attributes[written.lower()] = text
            spelled[written.lower()] = written
    return SetCookie(name, value, attributes, spelled)


def expiry(attributes: dict[str, str], now: float) -> int | None:
    """Return when a cookie expires, in seconds since 1970, or None when it lasts as long as the session.

    Max-Age counts before Expires, and one that is no number is ignored. 0 means at once.

    Args:
        attributes: The attributes by lower-case name.
        now: The time, in seconds since 1970.
    """
    latest = int(now) + MAX_AGE
    delta = attributes.get("max-age", "")
    if _DELTA.fullmatch(delta):
        # More than fifteen digits would only cost time: the limit is nearer.
        seconds = int(delta[:16])
        return 0 if seconds <= 0 else min(int(now) + seconds, latest)
    date = parse_date(attributes["expires"]) if "expires" in attributes else None
    return None if date is None else min(date, latest)


def parse_date(text: str) -> int | None:
    """Return the seconds since 1970 (at least 0) of a cookie's date, or None when it is none.

    Args:
        text: A date in one of the many ways in which servers write them.
    """
    time = day = month = year = None
    for token in _DATE_TOKEN.findall(text):
        if time is None and (found := _TIME.match(token)):
            time = (int(found[1]), int(found[2]), int(found[3]))
        elif day is None and (found := _DAY.match(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(token)):
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    return _seconds(year, month, day, time)


def _seconds(year: int, month: int, day: int, time: tuple[int, int, int]) -> int | None:
    import calendar

    hour, minute, second = time
    if year < 1601 or not 1 <= day <= calendar.monthrange(year, month)[1] or hour > 23 or minute > 59 or second > 59:
        return None
    return max(calendar.timegm((year, month, day, hour, minute, second)), 0)
