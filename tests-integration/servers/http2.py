"""Servers of HTTP/2 that others wrote, each as a process of its own on loopback. They know no test.

Where they are is said by the environment variable HTTPX_SERVERS: a directory with `pypi/hypercorn`, a virtual environment,
and `debian`, a file system of unpacked packages. One that is not there is an error.
"""

from __future__ import annotations

import os
from pathlib import Path

from .proxies import Process, existing

APPLICATION = '''
async def application(scope, receive, send):
    """Echo as it comes; `/large` answers with 3 MB, `/version` with the protocol's."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-version", scope["http_version"].encode())]})
    if scope["path"] == "/large":
        for _ in range(30):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        if message.get("body"):
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})
    await send({"type": "http.response.body", "body": b""})
'''


def root() -> Path:
    """Return where the servers are."""
    return Path(os.environ["HTTPX_SERVERS"])


def hypercorn(directory: Path, certificate: Path | None = None, **settings: object) -> Process:
    """Return hypercorn with an application that echoes; over TLS where it has a certificate, else cleartext."""
    (directory / "application.py").write_text(APPLICATION)
    lines = {"graceful_timeout": 0, "keep_alive_timeout": 60, **settings}
    if certificate is not None:
        lines |= {"certfile": f'"{certificate}"', "keyfile": f'"{certificate}"'}
    (directory / "hypercorn.toml").write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    command = existing(root() / "pypi" / "hypercorn" / "bin" / "hypercorn")
    return Process(
        directory, command, "-c", directory / "hypercorn.toml", "-b", "127.0.0.1:{port}", "application:application"
    )


def nginx(directory: Path, certificate: Path, protocol: str = "http2", *settings: str) -> Process:
    """Return nginx, which serves `/small`, `/large` and takes any body at `/upload`; `protocol` is empty for HTTP/1.1."""
    files = directory / "files"
    files.mkdir()
    (files / "small").write_bytes(b"small")
    (files / "large").write_bytes(b"x" * 3_000_000)
    places = "\n".join(
        f"{kind}_temp_path {directory / kind};" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    process = Process(
        directory, existing(root() / "debian/usr/sbin/nginx"), "-c", directory / "nginx.conf", "-p", directory
    )
    (directory / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {directory / "nginx.pid"}; error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off; root {files}; default_type text/plain; client_max_body_size 100m;
    {places}
    {" ".join(f"{setting};" for setting in settings)}
    server {{
        listen 127.0.0.1:{process.port} ssl {protocol};
        ssl_certificate {certificate}; ssl_certificate_key {certificate};
        location = /upload {{ proxy_pass https://127.0.0.1:{process.port}/taken; }}
        location = /taken {{ return 200 taken; }}
    }}
}}
""")
    return process
