"""How a response looks on a terminal: status line, fields, content. It knows text, not where it goes."""

from __future__ import annotations

from httpx_models import Response


def render(response: Response) -> str:
    """Return a response as text: the head as it came, an empty line, the content or its size.

    Args:
        response: A response that has been read.
    """
    encoding = response.headers.encoding
    lines = [f"{response.http_version} {response.status_code} {response.reason_phrase}".rstrip()]
    lines += [f"{name.decode(encoding)}: {value.decode(encoding)}" for name, value in response.headers.raw]
    head = "".join(f"{line}\n" for line in lines)
    text = _text(response)
    return f"{head}\n{text}" + ("" if not text or text.endswith("\n") else "\n")


def _text(response: Response) -> str:
    try:
        return response.content.decode(response.encoding or "utf-8")
    except UnicodeDecodeError:
        return f"<{len(response.content)} bytes of binary data>"
