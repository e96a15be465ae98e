"""A folder whose name is too long for a socket gets a short one, which goes with the server."""

from pathlib import Path

import psycopg

from leadgen_assets.storage.embedded_postgres import EmbeddedPostgres
from leadgen_assets.storage.socket_folder import remove_socket_folder, socket_folder


def test_a_server_in_a_deep_folder_answers_and_leaves_nothing_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    short = socket_folder(deep / "socket")
    assert len(str(short)) < 90
    with EmbeddedPostgres(deep, survives_power_cuts=False) as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert short.exists()
    assert not short.exists()
    with EmbeddedPostgres(deep, survives_power_cuts=False) as server, psycopg.connect(server.url()):
        pass  # it comes back with its folder
    assert not short.exists()


def test_a_folder_that_is_short_enough_stays(tmp_path: Path) -> None:
    near = Path("/tmp/a")
    assert socket_folder(near) == near
    remove_socket_folder(tmp_path)
    assert tmp_path.exists()
