"""What `auth=` accepts, and the scheme it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union, cast

from httpx_models import Request

from ._basic import BasicAuth
from ._flow import Auth
from ._function import FunctionAuth

AuthTypes = Union[tuple[Union[str, bytes], Union[str, bytes]], Callable[[Request], Request], Auth]  # noqa: UP007


def build_auth(auth: AuthTypes | None) -> Auth | None:
    """Return the scheme that an `auth=` argument stands for.

    Args:
        auth: None; a pair of user name and password, for Basic; a function that changes a request; or a scheme.

    Raises:
        TypeError: It is none of these; the message shows its type only, for its value may be a secret.
        ValueError: The user name or the password contains lone surrogates.
    """
    if auth is None or isinstance(auth, Auth):
        return auth
    given: Any = auth
    if isinstance(given, tuple):
        if len(given) != 2:
            raise TypeError(f'Invalid "auth" argument: a tuple of {len(given)}, where (username, password) is expected')
        return BasicAuth(*given)
    if not callable(given):
        expected = "(username, password), a function or an instance of Auth"
        raise TypeError(f'Invalid "auth" argument: {type(given)}, where {expected} is expected')
    return FunctionAuth(cast("Any", given))
