"""What `import httpx` gives, and what it must not cost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import httpx
import httpx_client
import httpx_models
import httpx_urls


def test_every_name_is_there_and_is_the_packages_own() -> None:
    for name in httpx.__all__:
        found = [
            getattr(package, name) for package in (httpx_client, httpx_models, httpx_urls) if hasattr(package, name)
        ]
        assert found, name
        assert name == "__version__" or getattr(httpx, name) in found
    assert httpx.__version__.startswith("0.28.")


def test_import_loads_nothing_heavy() -> None:
    program = (
        "import sys, httpx; httpx.Client().close(); httpx.AsyncClient();"
        "heavy = {'h2', 'h11', 'anyio', 'asyncio', 'certifi', 'ssl', 'idna', 'http.cookiejar', 'urllib.request', 'json',"
        " 'httpx_cli', 'rich'}; print(sorted(heavy & set(sys.modules)))"
    )
    # Measuring coverage would import more.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "[]"


def test_a_request_that_cannot_be_sent() -> None:
    with pytest.raises(httpx.ConnectError, match=r"connecting to 127\.0\.0\.1:1,"):
        httpx.get("http://127.0.0.1:1/")
