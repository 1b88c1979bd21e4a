"""Empty databases without the wait: the migrations run once, and the file is copied.

``tests/store/test_schema.py`` and the end-to-end tests run them for real.
"""

import asyncio
import shutil
import tempfile
import threading
from functools import cache
from pathlib import Path

from store.open import open_store
from tests.doubles.clock import ManualClock


def migrated(path: Path) -> Path:
    """``path``, which is now an empty database, unless it was one already."""
    if not path.exists():
        shutil.copyfile(_template(), path)
    return path


@cache
def _template() -> Path:
    """In a thread of its own: who asks may be inside an event loop."""
    path = Path(tempfile.mkdtemp()) / "template.db"
    maker = threading.Thread(target=asyncio.run, args=[_make(path)])
    maker.start()
    maker.join()
    return path


async def _make(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    await store.close()
