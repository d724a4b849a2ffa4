"""How a request proves who sends it: one class per scheme, and what `auth=` accepts.

The modules about challenges and answers are pure: text in, text out, for a server as well as for a proxy.
"""

from ._argument import AuthTypes, build_auth
from ._basic import BasicAuth
from ._bearer import BearerAuth
from ._digest import DigestAuth
from ._flow import Auth
from ._function import FunctionAuth
from ._netrc import NetRCAuth

__all__ = [
    "Auth",
    "AuthTypes",
    "BasicAuth",
    "BearerAuth",
    "DigestAuth",
    "FunctionAuth",
    "NetRCAuth",
    "build_auth",
]
