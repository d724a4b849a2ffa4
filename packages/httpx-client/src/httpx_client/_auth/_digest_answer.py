"""The answer to a Digest challenge (RFC 7616 §3.4). Pure: the nonces are given, and nothing says whether a server or a proxy asks."""

from __future__ import annotations

from typing import Final

from ._challenge import quote
from ._digest_challenge import DigestChallenge
from ._hashes import Hash, hash_of, is_session

# What an extended parameter has in it without escapes: attr-char of RFC 8187 §3.2.1.
_PLAIN: Final = frozenset(b"!#$&+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def answer_digest(
    challenge: DigestChallenge,
    *,
    method: str,
    uri: str,
    username: bytes,
    password: bytes,
    cnonce: str,
    nc: int = 1,
    content: bytes = b"",
) -> str:
    """Return the value of the Authorization or Proxy-Authorization field, a character for each octet.

    Args:
        challenge: What is answered.
        method: The method of the request; CONNECT for a proxy's tunnel.
        uri: The request-target as it goes on the wire: path and query, or the authority for CONNECT.
        username: The user, in UTF-8 where the challenge has `utf8`.
        password: The password, likewise.
        cnonce: The client's own nonce, new for each request; with a "-sess" algorithm new for each nonce of the server.
        nc: How many requests have been sent with this nonce, this one included.
        content: The content of the request; only "auth-int" looks at it.

    Raises:
        DigestError: This Python does not have the hash function.
    """
    digest = hash_of(challenge.algorithm)
    if challenge.utf8:
        username, password = _composed(username), _composed(password)
    realm, nonce = challenge.realm.encode("latin-1"), challenge.nonce.encode("latin-1")
    session = is_session(challenge.algorithm)
    secret = digest(b":".join((username, realm, password)))
    if session:
        secret = digest(b":".join((secret, nonce, cnonce.encode("ascii"))))
    subject = [method.encode("ascii", "replace"), uri.encode("latin-1")]
    if challenge.qop == "auth-int":
        subject.append(digest(content))
    proof = [secret, nonce]
    if challenge.qop:
        proof += [b"%08x" % nc, cnonce.encode("ascii"), challenge.qop.encode("ascii")]
    proof.append(digest(b":".join(subject)))

    fields = [
        _user(challenge, username, realm, digest),
        f"realm={quote(challenge.realm)}",
        f"nonce={quote(challenge.nonce)}",
        f"uri={quote(uri)}",
        f'response="{digest(b":".join(proof)).decode("ascii")}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.opaque is not None:
        fields.append(f"opaque={quote(challenge.opaque)}")
    if challenge.qop:
        fields += [f"qop={challenge.qop}", f"nc={nc:08x}"]
    if challenge.qop or session:
        fields.append(f'cnonce="{cnonce}"')
    if challenge.userhash:
        fields.append("userhash=true")
    return "Digest " + ", ".join(fields)


def _user(challenge: DigestChallenge, username: bytes, realm: bytes, digest: Hash) -> str:
    """Return the parameter with the user: hashed, plain, or extended where a quoted-string will not do (RFC 7616 §3.4)."""
    if challenge.userhash:
        return f'username="{digest(username + b":" + realm).decode("ascii")}"'
    if challenge.utf8 and not username.isascii():
        escaped = "".join(chr(octet) if octet in _PLAIN else f"%{octet:02X}" for octet in username)
        return f"username*=UTF-8''{escaped}"
    return f"username={quote(username.decode('latin-1'))}"


def _composed(octets: bytes) -> bytes:
    """Return UTF-8 in normal form C (RFC 7616 §4); octets that are no UTF-8 stay as they are."""
    if octets.isascii():
        return octets
    from unicodedata import normalize

    try:
        return normalize("NFC", octets.decode("utf-8")).encode("utf-8")
    except UnicodeDecodeError:
        return octets
