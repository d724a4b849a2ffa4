"""Proxies that others wrote, each as a process of its own on loopback. They know no test.

Where they are is said by the environment variable HTTPX_PROXIES: a directory with `pypi/<name>`, a virtual environment for
each proxy of the package index, and `debian`, a file system of unpacked packages. One that is not there is an error.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import time
from pathlib import Path

USER, PASSWORD, REALM = "user", "pass-word", "squid"


class Process:
    """A server that runs while it is used in `with`.

    Args:
        directory: Where it may write.
        command: What to run, given the port to listen on; `{port}` in it is replaced.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, directory: Path, *command: str | Path) -> None:
        self.port = free_port()
        self._log = directory / f"{self.port}.log"
        self._command = [str(word).replace("{port}", str(self.port)) for word in command]
        self._directory = directory

    def __enter__(self) -> Process:
        environment = dict(os.environ)
        if "HTTPX_PROXIES" in environment:
            libraries = sorted({str(path.parent) for path in debian().rglob("lib*.so*")})
            environment["LD_LIBRARY_PATH"] = os.pathsep.join(libraries)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._directory, env=environment
            )
        deadline = time.monotonic() + 30
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"{self._command[0]} does not serve:\n{self._log.read_text(errors='replace')}")
            time.sleep(0.05)  # there is no event for it
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def __exit__(self, *details: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def root() -> Path:
    """Return where the proxies are."""
    return Path(os.environ["HTTPX_PROXIES"])


def debian() -> Path:
    """Return the file system of unpacked Debian packages."""
    return root() / "debian"


def existing(path: Path) -> Path:
    """Return a path that is there.

    Raises:
        FileNotFoundError: It is not.
    """
    return path.resolve(strict=True)


def proxy_py(directory: Path, *options: str | Path) -> Process:
    """Return proxy.py: HTTP/1.1, forwarding and tunnels."""
    command = existing(root() / "pypi" / "proxy.py" / "bin" / "proxy")
    common = [
        "--hostname",
        "127.0.0.1",
        "--port",
        "{port}",
        "--num-workers",
        "1",
        "--num-acceptors",
        "1",
        "--threadless",
    ]
    return Process(directory, command, *common, "--data-dir", directory, "--log-level", "w", *options)


def mitmproxy(directory: Path, mode: str = "regular", *options: str | Path) -> Process:
    """Return mitmproxy, which opens what it carries unless told not to."""
    command = existing(root() / "pypi" / "mitmproxy" / "bin" / "mitmdump")
    settings = {
        "confdir": str(directory), "listen_host": "127.0.0.1", "listen_port": "{port}", "mode": mode,
        "connection_strategy": "lazy", "ssl_insecure": "true", "flow_detail": "0",
    }  # fmt: skip
    return Process(directory, command, *(f"--set={key}={value}" for key, value in settings.items()), *options)


def tinyproxy(directory: Path, auth: bool = False) -> Process:
    """Return tinyproxy: HTTP/1.0, forwarding and tunnels."""
    settings = directory / "tinyproxy.conf"
    process = Process(directory, existing(debian() / "usr/bin/tinyproxy"), "-d", "-c", settings)
    lines = [f"Port {process.port}", "Listen 127.0.0.1", "Timeout 30", "MaxClients 20", "LogLevel Error"]
    if auth:
        lines.append(f"BasicAuth {USER} {PASSWORD}")
    settings.write_text("\n".join(lines) + "\n")
    return process


def squid(directory: Path, auth: str | None = None) -> Process:
    """Return squid: HTTP/1.1, forwarding and tunnels, with `auth` "basic" or "digest"."""
    settings = directory / "squid.conf"
    files = debian() / "usr"
    process = Process(directory, existing(files / "sbin/squid"), "-N", "-f", settings)
    lines = [
        f"http_port 127.0.0.1:{process.port}", "access_log none", "cache_log /dev/null", "cache deny all",
        "pid_filename none", f"coredump_dir {directory}", "shutdown_lifetime 0 seconds", "pinger_enable off",
        "server_persistent_connections off",
        "visible_hostname squid.test", f"mime_table {existing(files / 'share/squid/mime.conf')}",
        f"icon_directory {files / 'share/squid/icons'}", f"error_directory {files / 'share/squid/errors/templates'}",
        "netdb_filename none", f"unlinkd_program {existing(files / 'lib/squid/unlinkd')}",
    ]  # fmt: skip
    if auth:
        secrets = directory / "passwords"
        if auth == "digest":
            secret = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode(), usedforsecurity=False).hexdigest()
            secrets.write_text(f"{USER}:{REALM}:{secret}\n")
            helper = f"{existing(files / 'lib/squid/digest_file_auth')} -c {secrets}"
        else:
            hashed = subprocess.run(
                ["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True
            )
            secrets.write_text(f"{USER}:{hashed.stdout}")
            helper = f"{existing(files / 'lib/squid/basic_ncsa_auth')} {secrets}"
        lines += [
            f"auth_param {auth} program {helper}",
            f"auth_param {auth} realm {REALM}",
            f"auth_param {auth} children 1",
        ]
        lines += ["acl known proxy_auth REQUIRED", "http_access allow known"]
    lines.append("http_access deny all" if auth else "http_access allow all")
    settings.write_text("\n".join(lines) + "\n")
    for path in (directory, *directory.parents[:2]):
        path.chmod(0o755)  # squid gives up being root
    return process


def dante(directory: Path) -> Process:
    """Return dante: SOCKS 4 and 5, without a password."""
    settings = directory / "danted.conf"
    process = Process(directory, existing(debian() / "usr/sbin/danted"), "-f", settings, "-N", "1")
    settings.write_text(
        f"logoutput: stderr\ninternal: 127.0.0.1 port = {process.port}\nexternal: lo\n"
        "socksmethod: none\nclientmethod: none\nuser.privileged: root\nuser.unprivileged: nobody\n"
        "client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\nsocks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n"
    )
    return process


def microsocks(directory: Path, auth: bool = False) -> Process:
    """Return microsocks: SOCKS 5."""
    login = ["-u", USER, "-P", PASSWORD] if auth else []
    return Process(directory, existing(debian() / "usr/bin/microsocks"), "-i", "127.0.0.1", "-p", "{port}", *login)
