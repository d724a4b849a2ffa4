"""A transport that imports nothing of ours has the Protocol's type, and serves a client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from faces import AnyClient, Face
from stranger import CannedTransport

import httpx
from httpx_transport.interface import AsyncTransport, Transport

HERE = Path(__file__).parent


def test_it_serves_a_client_on_every_face(face: Face) -> None:
    raw: Transport = CannedTransport()
    async_raw: AsyncTransport = CannedTransport()

    async def scenario(client: AnyClient) -> None:
        assert (await client.get("http://example.org/path?q")).text == "GET example.org/path?q"

    face.run(
        scenario, transport=httpx.RawTransport(raw) if face.name == "blocking" else httpx.AsyncRawTransport(async_raw)
    )


def test_it_passes_mypy_strict_and_imports_nothing_of_ours(tmp_path: Path) -> None:
    assert "httpx" not in (HERE / "stranger.py").read_text()
    program = tmp_path / "program.py"
    program.write_text(
        "from stranger import CannedTransport\n"
        "from httpx_client import AsyncRawTransport, RawTransport\n"
        "from httpx_transport.interface import AsyncTransport, Transport\n"
        "one: Transport = CannedTransport()\n"
        "two: AsyncTransport = CannedTransport()\n"
        "RawTransport(CannedTransport())\n"
        "AsyncRawTransport(CannedTransport())\n"
    )
    arguments = ["--strict", "--no-incremental", "--config-file=", str(program), str(HERE / "stranger.py")]
    done = subprocess.run([sys.executable, "-m", "mypy", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.py"
    wrong.write_text(program.read_text() + "three: Transport = object()\n")
    arguments[3] = str(wrong)
    done = subprocess.run([sys.executable, "-m", "mypy", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
