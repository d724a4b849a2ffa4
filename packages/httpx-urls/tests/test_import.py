"""The package imports little, shows what it shows, and depends on nothing of ours."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import get_args, get_type_hints

import pytest

import httpx_urls

HEAVY = [
    "idna",
    "ipaddress",
    "unicodedata",
    "urllib.parse",
    "json",
    "inspect",
    "dataclasses",
    "asyncio",
    "ssl",
    "socket",
]


def modules_after(code: str) -> set[str]:
    program = f"import sys; import httpx_urls as u; {code}; print(' '.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-IS", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
                              check=True, capture_output=True, text=True).stdout.split())  # fmt: skip


def test_importing_it_and_reading_a_plain_url_is_light() -> None:
    loaded = modules_after("u.URL('http://example.org/a b?q#é').host; u.QueryParams('a=1'); u.URL('http://0x7f.1')")
    assert loaded.isdisjoint(HEAVY)
    assert {name for name in loaded if name.startswith("httpx")} - {"httpx_urls"} == {
        name for name in loaded if name.startswith("httpx_urls.")
    }


@pytest.mark.parametrize("host", ["münchen.example", "xn--mnchen-3ya.example"])
def test_an_international_host_loads_idna(host: str) -> None:
    assert "idna" in modules_after(f"u.URL('http://{host}/')")


def test_the_public_names() -> None:
    assert json.loads(json.dumps(sorted(httpx_urls.__all__))) == [
        "InvalidURL", "Origin", "PrimitiveData", "QueryParamTypes", "QueryParams", "RawURL", "URL", "__version__",
    ]  # fmt: skip
    for name in httpx_urls.__all__:
        assert hasattr(httpx_urls, name)


def test_the_types_of_params_can_be_evaluated_anywhere() -> None:
    def call(params: httpx_urls.QueryParamTypes) -> None: ...

    assert httpx_urls.QueryParams in get_args(get_type_hints(call)["params"])


def test_everything_public_is_documented() -> None:
    for kind in (httpx_urls.URL, httpx_urls.QueryParams, httpx_urls.Origin, httpx_urls.InvalidURL, httpx_urls.RawURL):
        assert inspect.getdoc(kind)
        for name, member in vars(kind).items():
            if not name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{kind.__name__}.{name}"


def test_the_signatures_of_0_28() -> None:
    parameters = inspect.signature(httpx_urls.URL).parameters
    assert [str(parameter) for parameter in parameters.values()] == [
        "url: 'URL | str' = ''",
        "encoded: 'bool' = False",
        "**kwargs: 'Any'",
    ]
    assert parameters["encoded"].kind is inspect.Parameter.KEYWORD_ONLY
