"""Servers of HTTP/2 that others wrote, each as a process of its own on loopback. They know no test.

Where they are is said by the environment variable HTTPX_SERVERS: a directory with `pypi/hypercorn`, a virtual environment,
and `debian`, a file system of unpacked packages. One that is not there is an error.
"""

from __future__ import annotations

import os
from pathlib import Path

from .proxies import Process, existing

APPLICATION = '''
import asyncio
import collections

told = collections.defaultdict(asyncio.Queue)  # by what follows the question mark
gone = collections.defaultdict(asyncio.Event)


async def steps(name, receive, send):
    """Send a piece; then one whenever somebody asks for `/next`, three in all. `/gone` answers when the client has left."""
    for number in range(3):
        await send({"type": "http.response.body", "body": b"piece %d" % number, "more_body": number < 2})
        turn = asyncio.ensure_future(told[name].get())
        while number < 2 and not turn.done():
            heard = asyncio.ensure_future(receive())
            await asyncio.wait([turn, heard], return_when=asyncio.FIRST_COMPLETED)
            if heard.done() and heard.result()["type"] == "http.disconnect":
                gone[name].set()
                return
            heard.cancel()


async def application(scope, receive, send):
    """Echo as it comes; `/large` answers with 3 MB, `/steps` as it is told."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-version", scope["http_version"].encode())]})
    name = scope["query_string"]
    if scope["path"] == "/steps":
        await steps(name, receive, send)
        return
    if scope["path"] == "/next":
        told[name].put_nowait(None)
    if scope["path"] == "/gone":
        await gone[name].wait()
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


def nginx(
    directory: Path, certificate: Path, protocol: str = "http2", *settings: str, behind: int | None = None
) -> Process:
    """Return nginx, which serves `/small`, `/large` and takes any body at `/upload`; `protocol` is empty for HTTP/1.1.

    What else it is asked for is passed on as it comes to the server on the port `behind`, and back.
    """
    files = directory / "files"
    files.mkdir()
    (files / "small").write_bytes(b"small")
    (files / "large").write_bytes(b"x" * 3_000_000)
    places = "\n".join(
        f"{kind}_temp_path {directory / kind};" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    other = "" if behind is None else f"proxy_pass http://127.0.0.1:{behind};"
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
        location /behind/ {{
            proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off; rewrite ^/behind(.*)$ $1 break; {other}
        }}
    }}
}}
""")
    return process
