"""What every ``KeptAnswers`` keeps."""

import asyncio
from hashlib import sha256

from server.protocol.ids import Millis
from server.room.kept_answers import (
    CLAIM_MILLIS,
    KEPT_MILLIS,
    Claimed,
    Differs,
    Found,
    Kept,
    Running,
)
from store.open import Store
from tests.contracts.backends import Backend
from tests.contracts.projects import opened

KEY, OTHER_KEY = sha256(b"key").digest(), sha256(b"other").digest()
REQUEST, OTHER_REQUEST = sha256(b"request").digest(), sha256(b"another").digest()
NOW = Millis(1_700_000_000_000)


async def claim(store: Store, key: bytes = KEY, request: bytes = REQUEST, after: int = 0) -> Found:
    return await store.answers.claim(key, request, now=Millis(NOW + after))


async def claimed(store: Store, after: int = 0) -> str:
    found = await claim(store, after=after)
    assert isinstance(found, Claimed)
    return found.claim


class KeptAnswersContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_a_key_is_claimed_once_and_then_gives_the_answer(self, backend: Backend) -> None:
        store = await opened(backend)
        first = await claimed(store)
        assert await claim(store) == Running()
        assert isinstance(await claim(store, OTHER_KEY), Claimed)
        await store.answers.keep(KEY, first, b"sealed")
        assert await claim(store) == Kept(b"sealed")
        assert await claim(store, request=OTHER_REQUEST) == Differs()

    async def test_a_key_of_a_running_request_is_not_anothers(self, backend: Backend) -> None:
        store = await opened(backend)
        await claimed(store)
        assert await claim(store, request=OTHER_REQUEST) == Differs()

    async def test_what_is_released_may_be_tried_again(self, backend: Backend) -> None:
        store = await opened(backend)
        await store.answers.release(KEY, await claimed(store))
        second = await claimed(store)
        await store.answers.release(KEY, "not the claim")
        assert await claim(store) == Running()
        await store.answers.keep(KEY, second, b"sealed")
        assert await claim(store) == Kept(b"sealed")

    async def test_an_attempt_that_was_taken_over_keeps_nothing(self, backend: Backend) -> None:
        store = await opened(backend)
        dead = await claimed(store)
        assert await claim(store, after=CLAIM_MILLIS - 1) == Running()
        second = await claimed(store, after=CLAIM_MILLIS)
        await store.answers.keep(KEY, dead, b"late")
        await store.answers.release(KEY, dead)
        assert await claim(store, after=CLAIM_MILLIS) == Running()
        await store.answers.keep(KEY, second, b"sealed")
        assert await claim(store, after=CLAIM_MILLIS) == Kept(b"sealed")

    async def test_an_answer_is_kept_for_a_day(self, backend: Backend) -> None:
        store = await opened(backend)
        await store.answers.keep(KEY, await claimed(store), b"sealed")
        assert await claim(store, after=KEPT_MILLIS - 1) == Kept(b"sealed")
        await claim(store, OTHER_KEY, after=KEPT_MILLIS)
        count = "SELECT count(*) FROM kept_answers"
        assert await store.db.read(lambda c: c.exec_driver_sql(count).scalar_one()) == 1
        assert isinstance(await claim(store, after=KEPT_MILLIS), Claimed)

    async def test_of_many_at_once_in_two_processes_one_gets_it(self, backend: Backend) -> None:
        stores = [await opened(backend), await opened(backend)]
        found = await asyncio.gather(*(claim(stores[n % 2]) for n in range(8)))
        assert sum(isinstance(one, Claimed) for one in found) == 1
        assert sum(one == Running() for one in found) == 7
