"""What callers probably meant, for error messages. Pure; used where an error is raised, not on the way there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from httpx_models import Request

GIVEN_URL: Final = "_given_url"
"""The attribute of a request without a scheme that has the URL as the caller gave it."""

_LONGEST_SHOWN: Final = 200  # characters
_USERINFO: Final = re.compile(r"\A(//)?.*@", re.DOTALL)  # a password may have any character
_HOST: Final = re.compile(r"(?P<host>[\w.\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?(?=[/?#]|\Z)")
_LOCAL: Final = re.compile(r"localhost|[0-9.]+|\[.*")


def explain_relative_url(request: Request) -> str:
    """Return sentences that show the URL of a request without a scheme, and what was probably meant.

    Args:
        request: The request.
    """
    given = vars(request).get(GIVEN_URL, str(request.url))
    shown = _USERINFO.sub(r"\1[secure]@", given)[:_LONGEST_SHOWN]
    start = shown.removeprefix("//").removeprefix("[secure]@")
    found = _HOST.match(start)
    if found is None:
        return f"The URL is {shown!r}: an absolute URL is needed, or a client with a base_url."
    scheme = "http" if _LOCAL.fullmatch(found["host"]) else "https"
    return f"The URL is {shown!r}; '{scheme}://{start}' was probably meant."
