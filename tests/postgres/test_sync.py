# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811  (fixtures are arguments)
"""`muniment sync` and `muniment import` from a PostgreSQL server: written while it is followed,
killed, stopped half way, with logins that it refuses."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from devservers.postgres import Postgres, local_server
from muniment.registry import Registry
from muniment.registry.sealing import progress_of
from muniment.store import journal_rows
from tests.chain.agency import PASSWORD, opened  # noqa: F401
from tests.chain.command_line import Answer, Muniment, muniment  # noqa: F401
from tests.chain.conftest import deployed, node, world  # noqa: F401
from tests.chain.deeds import MAP, Deeds, assert_followed
from tests.chain.test_journal_commands import command  # noqa: F401
from tests.chain.test_journal_kills import expired
from tests.chain.test_processes import start
from tests.conftest import postgres_database

TIMES = MAP + 'watermark = "at"\noverlap = 3\ncompare_hours = 24\n'
MANY = 8_000
Follow = Callable[..., Answer]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with local_server() as running:
        yield running


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The agency's own database: it is the source that is PostgreSQL's here."""
    return f"sqlite:///{tmp_path}/muniment.db"


@pytest.fixture
def deeds(server: Postgres) -> Iterator[Deeds]:
    with postgres_database(server.url) as url:
        register = Deeds(url)
        register.make()
        register.run("ALTER TABLE deed ADD COLUMN at TIMESTAMPTZ DEFAULT now()")
        yield register


@pytest.fixture
def follow(command: Muniment, deeds: Deeds, tmp_path: Path) -> Follow:
    """Makes a pass by a mapping."""

    def run(mapping: str, *more: str, code: int = 0, url: str | None = None) -> Answer:
        path = tmp_path / "map.toml"
        path.write_text(mapping)
        place = url or deeds.url
        answer = command("sync", "land-deed", place, "--map", str(path), "--json", *more)
        assert answer.code == code, answer.err
        return answer

    return run


def put(deeds: Deeds, number: int, holder: str) -> None:
    deeds.run(
        "INSERT INTO deed (id, holder, parcel) VALUES (:n, :h, :p) "
        "ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, at = now()",
        n=number,
        h=holder,
        p=f"{number}/7",
    )


def test_late_commit__is_found_by_the_overlap(deeds: Deeds, follow: Follow) -> None:
    for number in range(1, 6):
        put(deeds, number, f"Holder {number}")
    follow(TIMES)
    mapping = TIMES.replace("overlap = 3", "overlap = 60")
    with deeds.engine.connect() as late:
        # Its row has the time at which it began, before the others.
        late.exec_driver_sql("INSERT INTO deed (id, holder, parcel) VALUES (7, 'Late', '7/7')")
        put(deeds, 6, "Holder 6")
        first = follow(mapping).json
        assert (first["kind"], first["new"]) == ("watermark", 1)
        late.commit()
    second = follow(mapping).json
    assert (second["kind"], second["new"]) == ("watermark", 1)


@pytest.mark.slow
def test_killed_while_others_write__nothing_lost_nothing_twice(
    deeds: Deeds, follow: Follow, tmp_path: Path
) -> None:
    for number in range(1, 16):
        put(deeds, number, f"Holder {number}")
    follow(TIMES)
    chance = random.Random(3)
    arguments = ("sync", "land-deed", deeds.url, "--map", str(tmp_path / "map.toml"), "--json")
    with Registry.open(tmp_path / "profile.toml", password=PASSWORD) as registry:
        with deeds.written(30, 3):
            for _ in range(3):
                process = start(tmp_path, *arguments, "--every", "0.1")
                assert process.stdout is not None
                process.stdout.readline()
                time.sleep(chance.uniform(0.0, 1.5))
                process.send_signal(signal.SIGKILL)
                process.wait()
                expired(registry)
        follow(TIMES, "--compare")
        assert_followed(registry, deeds)


def test_server_killed_and_started__is_waited_for(
    server: Postgres, deeds: Deeds, follow: Follow, tmp_path: Path
) -> None:
    put(deeds, 1, "Holder 1")
    follow(TIMES)
    arguments = ("sync", "land-deed", deeds.url, "--map", str(tmp_path / "map.toml"), "--json")
    process = start(tmp_path, *arguments, "--every", "0.1")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    assert server.stop(kill=True)
    try:
        while "trying again" not in (told := process.stderr.readline()):
            assert told, "it ended"
    finally:
        server.start()
    put(deeds, 2, "Holder 2")
    while not json.loads(process.stdout.readline())["new"]:
        pass
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    with Registry.open(tmp_path / "profile.toml", password=PASSWORD) as registry:
        assert_followed(registry, deeds)


# --- an import ------------------------------------------------------------------------------------


def importing(folder: Path, url: str) -> subprocess.Popen[str]:
    (folder / "import.toml").write_text(MAP)
    query = "SELECT * FROM deed ORDER BY id"
    arguments = ("import", "land-deed", url, "--query", query, "--workers", "1", "--json")
    return start(folder, *arguments, "--map", str(folder / "import.toml"))


@pytest.mark.slow
def test_server_killed_half_way_through_an_import__rows_before_stand_and_it_goes_on(
    server: Postgres, command: Muniment, deeds: Deeds, tmp_path: Path
) -> None:
    # Wide rows: they cannot all lie in the sockets' buffers when the server dies.
    deeds.run(
        "INSERT INTO deed (id, holder, parcel) SELECT n, repeat('Holder ', 400) || n, n || '/7' "
        f"FROM generate_series(1, {MANY}) AS n"
    )
    assert command("journal", "status", "--json").code == 0
    with Registry.open(tmp_path / "profile.toml", password=PASSWORD) as registry:
        process = importing(tmp_path, deeds.url)
        while not (before := progress_of(registry.session, 1).acknowledged):
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.02)
        assert server.stop(kill=True)
        try:
            _, said = process.communicate(timeout=120)
        finally:
            server.start()
        assert process.returncode == 4, said
        assert "broke off after row" in said
        assert "next: start the same import again" in said
        assert "Traceback" not in said
        stand = progress_of(registry.session, 1).acknowledged
        assert before <= stand < MANY
        again = importing(tmp_path, deeds.url)
        out, said = again.communicate(timeout=300)
        assert again.returncode == 0, said
        counts = json.loads(out)
        assert (counts["registered"], counts["unchanged"]) == (MANY - stand, stand)
        with registry.session.database.read() as connection:
            entries = journal_rows.entries_between(connection, 1, 0, 1 << 40)
        assert len(entries) == MANY
        assert registry.content(registry.record_id(str(MANY))).fields["parcel"] == f"{MANY}/7"


# --- logins ---------------------------------------------------------------------------------------


@pytest.fixture
def strict(server: Postgres, deeds: Deeds) -> Iterator[sa.URL]:
    """The URL of a user with a password, whom the server asks for it; another may not log in."""
    rules = server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    for statement in (
        "CREATE ROLE reader LOGIN PASSWORD 'open sesame'",
        "CREATE ROLE outsider LOGIN PASSWORD 'open sesame'",
        "GRANT SELECT ON deed TO reader",
    ):
        deeds.run(statement)
    asked = "host all outsider all reject\nhost all reader all scram-sha-256\n"
    rules.write_text(asked + before)
    deeds.run("SELECT pg_reload_conf()")
    yield sa.make_url(deeds.url).set(username="reader", password="open sesame")
    rules.write_text(before)
    for statement in (
        "SELECT pg_reload_conf()",
        "REVOKE ALL ON deed FROM reader",
        "DROP ROLE reader",
        "DROP ROLE outsider",
    ):
        deeds.run(statement)


@pytest.mark.parametrize("program", ["sync", "import"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "guess"}, "does not let the user in"),
        ({"username": "outsider"}, "does not let the user in"),
        ({"database": "elsewhere"}, "does not let the user in"),
        ({"port": 1}, "does not answer"),
    ],
)
def test_login_that_is_refused__is_said_without_the_password(
    command: Muniment,
    strict: sa.URL,
    tmp_path: Path,
    program: str,
    change: dict[str, object],
    told: str,
) -> None:
    url = strict.set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
    (tmp_path / "map.toml").write_text(MAP)
    query = ("--query", "SELECT * FROM deed") if program == "import" else ()
    refused = command(program, "land-deed", url, "--map", str(tmp_path / "map.toml"), *query)
    assert refused.code == 4, refused.err
    assert told in refused.err
    assert "next: " in refused.err
    assert "sesame" not in refused.err
    assert "guess" not in refused.err


def test_user_who_may_only_read__is_enough(
    command: Muniment, deeds: Deeds, follow: Follow, strict: sa.URL
) -> None:
    put(deeds, 1, "Ada")
    url = strict.render_as_string(hide_password=False)
    assert follow(TIMES, url=url).json["new"] == 1
    deeds.run("REVOKE SELECT ON deed FROM reader")
    refused = follow(TIMES, url=url, code=2)
    assert "permission denied" in refused.err
