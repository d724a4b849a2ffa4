"""Every check of the repository, one session each: `nox -l` lists them, CONTRIBUTING.md says which to run when."""

from __future__ import annotations

import os
import pathlib
import sys

import nox
from nox.command import CommandFailed
from python_discovery import get_interpreter

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.sessions = ["tests", "typing", "lint", "integration"]

ROOT = pathlib.Path(__file__).parent
DIST = ROOT / "dist"
PACKAGES = ["httpx-urls", "httpx-models", "httpx-transport", "httpx-client", "httpx-cli", "httpx"]
PYTHONS = nox.project.python_versions(nox.project.load_toml(ROOT / "packages" / "httpx" / "pyproject.toml"))
SYSTEM_PYTHON = "/usr/bin/python3"  # often an early patch release, with faults that later ones do not have
INTERPRETERS = [*PYTHONS, SYSTEM_PYTHON]
DEBIAN_PROXIES = ["dante-server", "microsocks", "squid", "squid-common", "squid-langpack", "tinyproxy-bin"]
DEBIAN_SERVERS = ["nginx"]
DEBIAN_LIBRARIES = ["libecap3", "libltdl7", "libnetfilter-conntrack3", "libnfnetlink0", "libwrap0"]
BUILT: list[pathlib.Path] = []  # what this run of nox has built

# Interpreters that pyenv keeps are not on PATH, and its shims refuse them: show their folders to nox.
PYENV = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, sorted(PYENV.glob("versions/3.*/bin")))])

# Behind a proxy that inspects TLS, only the system's certificate store has the proxy's authority. The variable's name
# depends on the version of uv; each version ignores the other name.
for variable in ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"):
    os.environ.setdefault(variable, "true")


def import_name(package: str) -> str:
    """Return the import name of a distribution of ours."""
    return package.replace("-", "_")


def check_provenance(session: nox.Session) -> None:
    """Fail unless every distribution of ours in the session's environment comes from this tree."""
    session.run("python", "tests-integration/provenance.py", silent=True)


def install_editable(session: nox.Session, *groups: str) -> None:
    """Install all six from the working tree, in one command so that none is looked for elsewhere."""
    sources = [word for package in PACKAGES for word in ("-e", f"packages/{package}")]
    session.install(*sources, *(word for group in groups for word in ("--group", group)))
    check_provenance(session)


def build_wheels(session: nox.Session) -> pathlib.Path:
    """Build the six wheels once per run of nox; return the constraints file that pins our names to them."""
    constraints = DIST / "constraints.txt"
    if not BUILT:
        session.run("uv", "build", "-q", "--wheel", "--all-packages", "--clear", "-o", str(DIST), external=True)
        wheels = {package: next(DIST.glob(f"{import_name(package)}-[0-9]*.whl")) for package in PACKAGES}
        constraints.write_text("".join(f"{package} @ {wheel.as_uri()}\n" for package, wheel in wheels.items()))
        BUILT.append(constraints)
    return constraints


def run_suites(session: nox.Session, *, coverage: bool) -> None:
    """Run each package's own tests, all of them even if one fails; with `coverage`, require 100 % of each."""
    install_editable(session, "test")
    session.run("python", "-VV")
    failed = []
    for package in session.posargs or PACKAGES:
        options = [f"--cov={import_name(package)}", "--cov-report=term-missing"] if coverage else []
        try:
            session.run("pytest", f"packages/{package}/tests", *options)
        except CommandFailed:
            failed.append(package)
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def tests(session: nox.Session) -> None:
    """Run each package's own tests on the working tree with this interpreter, and require 100 % coverage of each."""
    run_suites(session, coverage=True)


@nox.session(python=INTERPRETERS)
def suites(session: nox.Session) -> None:
    """Run the same tests, without coverage, on each version of Python that the packages claim, and on the system's."""
    run_suites(session, coverage=False)


@nox.session(python=False)
def interpreters(session: nox.Session) -> None:
    """Print which of the interpreters that `suites` needs are here, and which are missing: with CI=true, an error."""
    missing = []
    for name in INTERPRETERS:
        found = get_interpreter(name)
        if found is None or found.version_info[:2] < tuple(map(int, PYTHONS[0].split("."))):
            missing.append(name)
        else:
            session.log(f"{name}: {found.version_str} at {found.executable}")
    if missing:
        session.log(f"missing: {', '.join(missing)}")
        if os.environ.get("CI") == "true":
            session.error("the packages claim interpreters that this machine does not have")


@nox.session(python=PYTHONS)
@nox.parametrize("package", PACKAGES)
def alone(session: nox.Session, package: str) -> None:
    """Install one wheel with only its declared dependencies, and run its own tests against it."""
    constraints = build_wheels(session)
    session.install("-c", str(constraints), package)
    check_provenance(session)
    session.run("python", "tests-integration/provenance.py", "--only", package, silent=True)
    session.install("-c", str(constraints), "--group", f"packages/{package}/pyproject.toml:test")
    session.run("pytest", "-q", f"packages/{package}/tests", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """Run tests-integration/ on the built wheels: real sockets, TLS, processes, and the structure of the tree."""
    constraints = build_wheels(session)
    session.install("-c", str(constraints), *PACKAGES, "--group", "test", "--group", "lint", "--group", "typing")
    check_provenance(session)
    session.run("pytest", "tests-integration", *session.posargs)


@nox.session
def proxies(session: nox.Session) -> None:
    """Send requests through proxies that others wrote: two of the package index, four of Debian, none of them installed."""
    constraints = build_wheels(session)
    session.install("-c", str(constraints), *PACKAGES, "httpx-transport[socks]", "--group", "test")
    check_provenance(session)
    root = session.cache_dir.resolve() / "proxies"
    for requirement in ("mitmproxy>=11,<13", "proxy.py>=2.4,<3"):
        home = str(root / "pypi" / requirement.partition(">")[0])
        session.run("uv", "venv", "-q", "--clear", "--python", sys.executable, home, external=True)
        session.run("uv", "pip", "install", "-q", "--no-sources", "--python", home, requirement, external=True)
    unpack_debian(session, root, *DEBIAN_PROXIES, *DEBIAN_LIBRARIES)
    session.run("pytest", "tests-integration/real_proxies.py", *session.posargs, env={"HTTPX_PROXIES": str(root)})


@nox.session
def servers(session: nox.Session) -> None:
    """Speak HTTP/2 with servers that others wrote: hypercorn of the package index, nginx of Debian, not installed."""
    constraints = build_wheels(session)
    session.install("-c", str(constraints), *PACKAGES, "httpx[http2]", "--group", "test")
    check_provenance(session)
    root = session.cache_dir.resolve() / "servers"
    home = str(root / "pypi" / "hypercorn")
    session.run("uv", "venv", "-q", "--clear", "--python", sys.executable, home, external=True)
    session.run("uv", "pip", "install", "-q", "--no-sources", "--python", home, "hypercorn>=0.17,<1", external=True)
    unpack_debian(session, root, *DEBIAN_SERVERS)
    session.run("pytest", "tests-integration/real_servers.py", *session.posargs, env={"HTTPX_SERVERS": str(root)})


def unpack_debian(session: nox.Session, root: pathlib.Path, *packages: str) -> None:
    """Fetch packages of Debian, with the libraries that they need, into root/debian; install none."""
    fetched = root / "packages"
    fetched.mkdir(parents=True, exist_ok=True)
    with session.chdir(fetched):
        # A new machine may know no package, or versions that are gone by now; who is not root does without.
        session.run("apt-get", "update", "-q=2", external=True, success_codes=[0, 100])
        session.run("apt-get", "download", "-q=2", *packages, external=True)
        for package in sorted(fetched.glob("*.deb")):
            session.run("dpkg", "-x", package.name, str(root / "debian"), external=True, silent=True)


@nox.session
def typing(session: nox.Session) -> None:
    """Check types with mypy --strict (sources and tests, package by package) and with pyright."""
    install_editable(session, "test", "typing")
    for package in PACKAGES:
        session.run("mypy", f"packages/{package}/src", f"packages/{package}/tests")
    session.run("mypy", "tests-integration", "benchmarks", "docs/demo.py", "docs/duplex.py")
    session.run("pyright")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff, and the arrows between the packages with import-linter."""
    install_editable(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def build(session: nox.Session) -> None:
    """Build sdists and wheels of all six into dist/."""
    session.run("uv", "build", "-q", "--all-packages", "--clear", "-o", str(DIST), external=True)
    session.log("\n".join(sorted(path.name for path in DIST.iterdir())))


@nox.session
def demo(session: nox.Session) -> None:
    """Show real requests (sync, asyncio, trio, command line) through the installed packages, on a local server."""
    constraints = build_wheels(session)
    session.install("-c", str(constraints), *PACKAGES, "trio")
    check_provenance(session)
    session.run("python", "docs/demo.py")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure CPU per request beside other clients, which live in an environment of their own."""
    constraints = build_wheels(session)
    session.install("-c", str(constraints), *PACKAGES)
    check_provenance(session)
    peers = pathlib.Path(session.create_tmp()) / "peers"
    python = str(peers / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    session.run("uv", "venv", "-q", "--clear", "--python", sys.executable, str(peers), external=True)
    session.run(
        "uv",
        "pip",
        "install",
        "-q",
        "--no-sources",
        "--python",
        python,
        "httpx==0.28.1",
        "urllib3",
        "aiohttp",
        external=True,
    )
    session.run("python", "benchmarks/cpu_per_request.py", "--peers", python, *session.posargs)
