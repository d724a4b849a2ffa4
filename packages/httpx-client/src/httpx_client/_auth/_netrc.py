"""User names and passwords from a file that ftp, curl and git read too. It knows which host they are for, no more."""

from __future__ import annotations

import os
import re
from collections.abc import Generator

from httpx_models import Request, Response

from ._basic import basic_credentials
from ._flow import Auth


class NetRCAuth(Auth):
    """Sends the user name and password that a netrc file has for the host of the request, as Basic (RFC 7617).

    A host without a `machine` entry gets what the `default` entry says, if there is one; a host without a password gets nothing.
    The file is read once, now.

    Args:
        file: The file; None is `.netrc` in the user's home directory.

    Raises:
        OSError: The file cannot be read.
        TypeError: `file` is no path.
        netrc.NetrcParseError: The file is not in the format; the message has the line, never what stands there.
    """

    def __init__(self, file: str | None = None) -> None:
        from netrc import NetrcParseError, netrc

        # An int would be somebody's open file.
        if file is not None and not isinstance(file, str | bytes | os.PathLike):
            raise TypeError(f"Argument 'file' must be a path but got {type(file).__name__}")
        try:
            self._netrc_info = netrc(file)
        except NetrcParseError as error:
            # The word that did not fit may be a password.
            complaint = re.split("['\"]", error.msg, maxsplit=1)[0].rstrip()
            raise NetrcParseError(complaint, error.filename, error.lineno) from None

    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Send the request with the credentials of its host."""
        found = self._netrc_info.authenticators(request.url.host)
        if found is not None and found[2]:
            request.headers["Authorization"] = basic_credentials(found[0], found[2])
        yield request
