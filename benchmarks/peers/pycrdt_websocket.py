"""pycrdt-websocket with its SQLite store, on uvicorn: its documentation's set-up.

Runs in an environment of its own (``requirements.txt``), so it imports nothing of ours.
Usage: python pycrdt_websocket.py PORT DATABASE
"""

import asyncio
import sys
from contextlib import suppress
from logging import getLogger

import uvicorn
from pycrdt.store import SQLiteYStore, YDocNotFound
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom
from pycrdt.websocket.websocket_server import exception_logger


def store_in(database: str) -> type[SQLiteYStore]:
    """The store on one database file."""

    class Store(SQLiteYStore):
        db_path = database

    return Store


class StoringServer(WebsocketServer):
    """Gives every room a store, and loads what it holds before the first client is served."""

    def __init__(self, store: type[SQLiteYStore]) -> None:
        super().__init__(exception_handler=exception_logger, log=getLogger("rooms"))
        self._store = store
        self._opening = asyncio.Lock()

    async def get_room(self, name: str) -> YRoom:
        async with self._opening:
            if name not in self.rooms:
                room = YRoom(ready=False, ystore=self._store(name), log=self.log)
                self.rooms[name] = room
                await self.start_room(room)
                await room.ystore.started.wait()
                with suppress(YDocNotFound):
                    await room.ystore.apply_updates(room.ydoc)
                room.ready = True
            return self.rooms[name]


async def main(port: int, database: str) -> None:
    """Serve until told to stop."""
    async with StoringServer(store_in(database)) as rooms:
        config = uvicorn.Config(
            ASGIServer(rooms),
            host="127.0.0.1",
            port=port,
            ws="websockets-sansio",
            log_level="warning",
            ws_per_message_deflate=False,
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
