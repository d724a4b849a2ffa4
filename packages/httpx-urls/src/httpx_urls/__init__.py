"""URLs for HTTP, as a type that decides once which host is meant.

>>> from httpx_urls import URL
>>> URL("http://Example.org:80/a b?q=1").raw
(b'http', b'example.org', None, b'/a%20b?q=1')
"""

from .__about__ import __version__
from ._errors import InvalidURL
from ._url import URL

__all__ = ["URL", "InvalidURL", "__version__"]
