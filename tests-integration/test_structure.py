"""The rules that the shape of the tree must keep: who imports whom, where I/O is, how thin the faces are."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from provenance import declared_siblings, installed, strangers

ROOT = Path(__file__).parent.parent
PACKAGES = ["httpx_urls", "httpx_models", "httpx_transport", "httpx_client", "httpx_cli", "httpx"]
MAY_IMPORT = {
    "httpx_urls": set[str](),
    "httpx_models": {"httpx_urls"},
    "httpx_transport": set[str](),
    "httpx_client": {"httpx_urls", "httpx_models", "httpx_transport"},
    "httpx_cli": {"httpx_client", "httpx_models", "httpx_urls"},
    "httpx": set(PACKAGES),
}
IO_AND_CLOCKS = {"asyncio", "anyio", "trio", "sniffio", "socket", "threading", "time", "select", "selectors"}
BORDER = {
    "httpx_client/_ports.py",
    "httpx_client/_ssl.py",
    "httpx_client/_transports/_border.py",
    "httpx_client/_transports/_errors.py",
}
EVENT_LOOPS = {"asyncio", "anyio", "trio", "sniffio"}
PORTS = "httpx_client/_ports.py"  # knows the time, and how cancellations are kept away
APPLICATIONS = "httpx_client/_transports/_asgi"  # they run in tasks of the caller's event loop
NAMES_OF_NOTHING = {"utils", "helpers", "common", "base", "core"}


def sources(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield each module of a package: its path below src/, and its syntax tree."""
    src = ROOT / "packages" / package.replace("_", "-") / "src"
    for path in sorted(src.rglob("*.py")):
        yield path.relative_to(src).as_posix(), ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names that a module imports from elsewhere, function bodies and TYPE_CHECKING included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_along_the_arrows(package: str) -> None:
    for path, tree in sources(package):
        for name in imports(tree):
            top = name.split(".")[0]
            if top in PACKAGES and top != package:
                assert top in MAY_IMPORT[package], f"{path} imports {name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_nobody_imports_a_siblings_private_module(package: str) -> None:
    for path, tree in sources(package):
        for name in imports(tree):
            top, *rest = name.split(".")
            if top in PACKAGES and top != package:
                assert not any(part.startswith("_") and not part.startswith("__") for part in rest), f"{path}: {name}"


def test_import_httpx_never_needs_the_command_at_once() -> None:
    tree = dict(sources("httpx"))["httpx/__init__.py"]
    assert not any(name.split(".")[0] == "httpx_cli" for name in imports(tree))


def test_only_backends_do_io_and_know_the_time() -> None:
    for path, tree in sources("httpx_transport"):
        if "/_backends/" not in path and "/conformance/" not in path:  # it has a server of its own
            assert not IO_AND_CLOCKS & {name.split(".")[0] for name in imports(tree)}, path
    for package in ("httpx_urls", "httpx_client"):
        for path, tree in sources(package):
            if path != PORTS and not path.startswith(APPLICATIONS):
                assert not IO_AND_CLOCKS & {name.split(".")[0] for name in imports(tree)}, path


def test_the_client_imports_no_event_loop_before_there_is_one() -> None:
    for path, tree in sources("httpx_client"):
        at_once = ast.Module([n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)], [])
        assert not EVENT_LOOPS & {name.split(".")[0] for name in imports(at_once)}, path


def test_only_the_border_of_the_client_knows_the_transport() -> None:
    found = {
        path for path, tree in sources("httpx_client") if any(n.startswith("httpx_transport") for n in imports(tree))
    }
    assert found <= BORDER


def test_shared_code_has_no_task_groups_and_no_async_generators() -> None:
    for path, tree in [*sources("httpx_transport"), *sources("httpx_client")]:
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef):
                own = [inner for inner in ast.walk(node) if isinstance(inner, ast.Yield | ast.YieldFrom)]
                assert not own, f"{path}: {node.name} is an async generator"
            if isinstance(node, ast.Attribute) and "/_backends/" not in path and not path.startswith(APPLICATIONS):
                assert node.attr not in {"create_task_group", "TaskGroup", "open_nursery", "create_task"}, path


def test_module_names_are_nouns_and_modules_have_docstrings() -> None:
    for package in PACKAGES:
        for path, tree in sources(package):
            assert Path(path).stem.strip("_") not in NAMES_OF_NOTHING, path
            assert ast.get_docstring(tree), path


PAIRS = [
    ("httpx_client", "Client", "AsyncClient"),
    ("httpx_client", "HTTPTransport", "AsyncHTTPTransport"),
    ("httpx_client", "RawTransport", "AsyncRawTransport"),
    ("httpx_client._streaming", "ResponseContext", "AsyncResponseContext"),
    ("httpx_client", "BaseTransport", "AsyncBaseTransport"),
    ("httpx_transport", "ConnectionPool", "AsyncConnectionPool"),
    ("httpx_transport", "RawResponse", "AsyncRawResponse"),
    ("httpx_transport.interface", "Transport", "AsyncTransport"),
    ("httpx_transport.interface", "Body", "AsyncBody"),
]
ASYNC_NAMES = {
    "close": "aclose",
    "read": "aread",
    "handle_request": "handle_async_request",
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
    "__iter__": "__aiter__",
}


def methods(kind: type) -> dict[str, inspect.Signature]:
    """Return a class's own public methods and protocol methods."""
    named = {n: f for n, f in vars(kind).items() if inspect.isfunction(f)}
    return {
        n: inspect.signature(f)
        for n, f in named.items()
        if not n.startswith("_") or n in {*ASYNC_NAMES, *ASYNC_NAMES.values()}
    }


def plain(signature: inspect.Signature) -> list[tuple[str, object, object]]:
    """Return what callers of both colours must find alike: not the types, nor the order of what is named."""
    found: list[tuple[str, object, object]] = [(p.name, p.kind, p.default) for p in signature.parameters.values()]
    by_place = [one for one in found if one[1] is not inspect.Parameter.KEYWORD_ONLY]
    return by_place + sorted((one for one in found if one not in by_place), key=lambda one: one[0])


@pytest.mark.parametrize(("module", "blocking", "asynchronous"), PAIRS)
def test_faces_are_pairs(module: str, blocking: str, asynchronous: str) -> None:
    home = importlib.import_module(module)
    ours, theirs = methods(getattr(home, blocking)), methods(getattr(home, asynchronous))
    assert {ASYNC_NAMES.get(name, name) for name in ours} == set(theirs)
    for name, signature in ours.items():
        assert plain(signature) == plain(theirs[ASYNC_NAMES.get(name, name)]), name
    constructors = [inspect.signature(getattr(home, name).__init__) for name in (blocking, asynchronous)]
    assert plain(constructors[0]) == plain(constructors[1])


FACES = [
    ("httpx_client/_client.py", "Client"),
    ("httpx_client/_async_client.py", "AsyncClient"),
    ("httpx_client/_streaming.py", "ResponseContext"),
    ("httpx_client/_streaming.py", "AsyncResponseContext"),
    ("httpx_client/_transports/_border.py", "HTTPTransport"),
    ("httpx_client/_transports/_border.py", "AsyncHTTPTransport"),
    ("httpx_client/_transports/_border.py", "RawTransport"),
    ("httpx_client/_transports/_border.py", "AsyncRawTransport"),
    ("httpx_transport/_facade.py", "ConnectionPool"),
    ("httpx_transport/_facade.py", "AsyncConnectionPool"),
    ("httpx_transport/_body.py", "ResponseBody"),
    ("httpx_transport/_response.py", "RawResponse"),
    ("httpx_transport/_response.py", "AsyncRawResponse"),
    ("httpx_transport/_body.py", "AsyncResponseBody"),
]


@pytest.mark.parametrize(("path", "name"), FACES)
def test_faces_are_thin(path: str, name: str) -> None:
    tree = dict(sources(path.split("/", maxsplit=1)[0]))[path]
    kind = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    for node in kind.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            statements = sum(isinstance(inner, ast.stmt) for inner in ast.walk(node)) - 1
            assert statements - bool(ast.get_docstring(node)) <= 8, f"{name}.{node.name}"


def public_modules(package: ModuleType) -> Iterator[ModuleType]:
    """Yield a package and its modules that are named without an underscore."""
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not any(part.startswith("_") for part in found.name.split(".")):
            yield importlib.import_module(found.name)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_listed_and_explained(package: str) -> None:
    home = importlib.import_module(package)
    assert set(home.__all__) <= set(dir(home))
    for module in public_modules(home):
        names = getattr(
            module, "__all__", [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
        )
        for name in names:
            value = getattr(module, name)
            ours = getattr(value, "__module__", "").startswith("httpx")
            if not ours or not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            assert inspect.getdoc(value), f"{module.__name__}.{name}"
            for attribute, member in vars(value).items() if inspect.isclass(value) else ():
                if not attribute.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                    assert inspect.getdoc(member), f"{module.__name__}.{name}.{attribute}"


def test_everything_of_ours_comes_from_this_tree() -> None:
    assert strangers() == []
    assert {name.replace("-", "_") for name in installed()} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_metadata_names_the_siblings_that_the_code_imports(package: str) -> None:
    used = {n.split(".")[0] for _, tree in sources(package) for n in imports(tree)} & set(PACKAGES)
    declared = {name.replace("-", "_") for name in declared_siblings(package.replace("_", "-"))}
    assert used <= declared
