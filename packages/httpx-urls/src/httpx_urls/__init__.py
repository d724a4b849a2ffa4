"""URLs for HTTP, as a type that decides once which host is meant.

>>> from httpx_urls import URL
>>> URL("http://Example.org:80/a b?q=1").raw
RawURL(raw_scheme=b'http', raw_host=b'example.org', port=None, raw_path=b'/a%20b?q=1')
"""

from .__about__ import __version__
from ._errors import InvalidURL
from ._origin import Origin
from ._parts import RawURL
from ._query import PrimitiveData, QueryParams, QueryParamTypes
from ._url import URL

__all__ = [
    "URL",
    "InvalidURL",
    "Origin",
    "PrimitiveData",
    "QueryParamTypes",
    "QueryParams",
    "RawURL",
    "__version__",
]
