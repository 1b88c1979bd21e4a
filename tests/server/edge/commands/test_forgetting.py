"""``8gentc user forget``, on a database in a file."""

from pathlib import Path

import pytest

from server.protocol.errors import NotFound
from tests.server.edge.commands.sql_desk import SqlDesk


def test_a_person_is_forgotten_by_address_and_only_once(tmp_path: Path) -> None:
    desk = SqlDesk(tmp_path)
    added = desk.json("user", "add", "ada@x.example")
    told = desk.json("user", "forget", "ada@x.example")
    assert told == {"id": added["id"], "forgotten": True}
    assert desk.json("user", "list") == []
    for name in ("ada@x.example", added["id"]):
        with pytest.raises(NotFound):
            desk.ask("user", "forget", name)
