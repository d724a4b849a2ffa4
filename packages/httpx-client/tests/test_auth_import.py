"""What the schemes cost before somebody uses them."""

from __future__ import annotations

import subprocess
import sys

LATER = {"base64", "hashlib", "netrc", "secrets", "httpx_client._auth._digest_user"}


def test_importing_the_schemes_loads_nothing_that_only_some_need() -> None:
    program = "import sys; before = set(sys.modules); import httpx_client; print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "httpx_client._auth._digest" in loaded
    assert not LATER & set(loaded)
