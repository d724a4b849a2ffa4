"""A server that asks for Digest and checks the answers by itself, and a way to run a flow against it on each face."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from httpx_client import Auth
from httpx_models import Request, Response

from .conftest import Face

Server = Callable[[Request], Response]
HASHES = {"MD5": "md5", "SHA": "sha1", "SHA-256": "sha256", "SHA-512": "sha512", "SHA-512-256": "sha512_256"}


def converse(face: Face, auth: Auth, request: Request, server: Server) -> Response:
    """Run a flow on a face: send what it yields to the server, and return the last response."""
    last: list[Response] = []

    def ask(sent: Request) -> Response:
        response = server(sent)
        response.request = sent
        last.append(response)
        return response

    async def blocking() -> None:
        flow = auth.sync_auth_flow(request)
        sent = next(flow)
        try:
            while True:
                sent = flow.send(ask(sent))
        except StopIteration:
            return

    async def asynchronous() -> None:
        flow = auth.async_auth_flow(request)
        sent = await anext(flow)
        try:
            while True:
                sent = await flow.asend(ask(sent))
        except StopAsyncIteration:
            return

    face.run(blocking if face.name == "blocking" else asynchronous)
    return last[-1]


def parameters(field: str) -> dict[str, str]:
    """Return what stands in an Authorization field, unquoted."""
    assert field.startswith("Digest ")
    found = re.findall(r'([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))(?:, |$)', field.removeprefix("Digest "))
    assert ", ".join(f'{name}="{quoted}"' if not bare else f"{name}={bare}" for name, quoted, bare in found) == (
        field.removeprefix("Digest ")
    )
    return {name: bare or re.sub(r"\\(.)", r"\1", quoted) for name, quoted, bare in found}


class DigestServer:
    """Asks for Digest; lets in who answers right, with a nonce of its own, and each count of it once."""

    def __init__(self, challenge: str = 'qop="auth"', *, nonces: int = 1_000_000, **options: str) -> None:
        self.challenge = challenge
        self.algorithm = "MD5"
        found = re.search(r'algorithm="?([\w-]+)', challenge)
        if found:
            self.algorithm = found[1]
        self.nonces_last = nonces
        self.issued = 0
        self.used: dict[str, set[str]] = {}
        self.seen: list[dict[str, str] | None] = []
        self.told: list[str] = []
        self.next_nonce = False
        self.realm = options.get("realm", "r")
        self.username = options.get("username", "user")
        self.password = options.get("password", "pass")

    def __call__(self, request: Request) -> Response:
        field = request.headers.get("authorization")
        self.seen.append(None if field is None else parameters(field))
        complaint = self._complaint(request, self.seen[-1])
        self.told.append(complaint)
        if not complaint:
            info = {"Authentication-Info": f'nextnonce="{self._issue()}"'} if self.next_nonce else {}
            return Response(200, headers=info)
        stale = ", stale=true" if complaint == "stale" else ""
        challenge = f'Digest realm="{self.realm}", nonce="{self._issue()}", {self.challenge}{stale}'
        return Response(401, headers={"WWW-Authenticate": challenge})

    def _issue(self) -> str:
        self.issued += 1
        nonce = f"nonce-{self.issued}"
        self.used[nonce] = set()
        return nonce

    def _complaint(self, request: Request, given: dict[str, str] | None) -> str:
        if given is None:
            return "none given"
        used = self.used.get(given["nonce"])
        wanted = self.response_to(request, given)
        if given["response"] != wanted or given["uri"] != request.url.raw_path.decode():
            return "wrong"
        count = given.get("nc", str(len(used or ())))
        if used is None or count in used or len(used) >= self.nonces_last:
            return "stale"
        used.add(count)
        return ""

    def response_to(self, request: Request, given: dict[str, str]) -> str:
        name = self.algorithm.upper()

        def digest(text: str | bytes) -> str:
            octets = text.encode() if isinstance(text, str) else text
            return hashlib.new(HASHES[name.removesuffix("-SESS")], octets).hexdigest()

        first = digest(f"{self.username}:{self.realm}:{self.password}")
        if name.endswith("-SESS"):
            first = digest(f"{first}:{given['nonce']}:{given['cnonce']}")
        second = f"{request.method}:{given['uri']}"
        if given.get("qop") == "auth-int":
            second += f":{digest(request.content)}"
        if "qop" not in given:
            return digest(f"{first}:{given['nonce']}:{digest(second)}")
        return digest(":".join([first, *(given[key] for key in ("nonce", "nc", "cnonce", "qop")), digest(second)]))


class Script:
    """Answers with the responses that it is given, one after the other; keeps what was asked."""

    def __init__(self, *responses: Any) -> None:
        self.responses = list(responses)
        self.fields: list[str | None] = []
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        self.fields.append(request.headers.get("authorization"))
        answer = self.responses.pop(0) if self.responses else 200
        if isinstance(answer, str):
            return Response(401, headers={"WWW-Authenticate": answer})
        return Response(answer) if isinstance(answer, int) else answer
