"""What the ports of accounts keep (L8, L11), on every database."""

from hashlib import sha256

import pytest

from server.protocol.credentials import TokenKind
from server.protocol.errors import Conflict, Invalid, NotAuthenticated, NotFound
from server.protocol.ids import Millis, TokenId, UserId
from server.room.account_ports import Allowance, Identity, Link, Purpose
from server.room.ports import Seat
from store.open import Store
from tests.contracts.backends import Backend, new_projects, new_user
from tests.contracts.projects import opened

NOBODY = UserId("nobody")
DIGEST = sha256(b"link").digest()
HOUR = 60 * 60 * 1000


async def credential(
    store: Store, user: UserId, name: str, kind: TokenKind = TokenKind.SESSION
) -> TokenId:
    """A credential whose digest is that of its name."""
    digest = sha256(name.encode()).digest()
    return await store.directory.add_token(
        user, digest=digest, label=name, expires_at=None, kind=kind
    )


class AccountsContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_an_account_is_found_by_address_and_id(self, backend: Backend) -> None:
        accounts = (await opened(backend)).people.accounts
        user = await accounts.register(
            email=" Ada@X.example", name="Ada", password_hash="hash", verified=False
        )
        account = await accounts.by_email("ADA@x.example")
        assert account is not None
        assert (account.user, account.password_hash) == (user, "hash")
        assert (account.email_verified, account.second_factor) == (False, False)
        assert (await accounts.by_id(user.id)).user == user
        for unknown in ("bob@x.example", "no address", "\0@x.example"):
            assert await accounts.by_email(unknown) is None
        with pytest.raises(NotFound):
            await accounts.by_id(NOBODY)
        with pytest.raises(Conflict):
            await accounts.register(
                email="ada@x.example", name="", password_hash=None, verified=True
            )

    async def test_whom_the_operator_adds_is_vouched_for(self, backend: Backend) -> None:
        store = await opened(backend)
        user = await new_user(store)
        assert (await store.people.accounts.by_id(user)).email_verified

    async def test_a_new_password_ends_other_sessions_and_links_and_no_token_L8(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        user, other = await new_user(store), await new_user(store, "bob")
        kept = await credential(store, user, "kept")
        await credential(store, user, "ended")
        await credential(store, user, "token", TokenKind.TOKEN)
        await credential(store, other, "other's")
        link = Link(Purpose.RESET, user, None, Millis(backend.clock.now() + HOUR))
        await store.people.links.add(DIGEST, link)
        await store.people.accounts.set_password(user, "new hash", kept)
        assert (await store.people.accounts.by_id(user)).password_hash == "new hash"
        for name in ("kept", "token", "other's"):
            await store.directory.token_grant(sha256(name.encode()).digest())
        with pytest.raises(NotAuthenticated):
            await store.directory.token_grant(sha256(b"ended").digest())
        with pytest.raises(NotFound):
            await store.people.links.use(DIGEST, Purpose.RESET)

    async def test_only_its_owner_ends_a_credential_and_its_seats_with_it_L8(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        [project] = await new_projects(store, 1)
        ada = (await store.directory.user_by_email("ada@example.org")).id
        bob = await new_user(store, "bob")
        session = await credential(store, ada, "s")
        with pytest.raises(NotFound):
            await store.people.accounts.end_credential(bob, session)
        assert list(await store.directory.roles([Seat(ada, session, project)])) == ["owner"]
        await store.people.accounts.end_credential(ada, session)
        assert list(await store.directory.roles([Seat(ada, session, project)])) == [None]
        with pytest.raises(NotFound):
            await store.people.accounts.end_credential(ada, session)

    async def test_all_sessions_but_one_end(self, backend: Backend) -> None:
        store = await opened(backend)
        user = await new_user(store)
        kept, _ = await credential(store, user, "a"), await credential(store, user, "b")
        await store.people.accounts.end_sessions(user, kept)
        live = await store.directory.list_tokens(user, TokenKind.SESSION)
        assert [one.id for one in live] == [kept]
        await store.people.accounts.end_sessions(user, None)
        assert list(await store.directory.list_tokens(user, TokenKind.SESSION)) == []

    async def test_an_address_changes_to_one_that_is_free(self, backend: Backend) -> None:
        store = await opened(backend)
        accounts, ada = store.people.accounts, await new_user(store)
        await new_user(store, "bob")
        await accounts.set_email(ada, "Lovelace@x.example")
        assert (await accounts.by_id(ada)).user.email == "lovelace@x.example"
        with pytest.raises(Conflict):
            await accounts.set_email(ada, "bob@example.org")
        with pytest.raises(Invalid):
            await accounts.set_email(ada, "nonsense")

    async def test_names_change_and_accounts_are_disabled_and_enabled(
        self, backend: Backend
    ) -> None:
        store = await opened(backend)
        accounts, ada = store.people.accounts, await new_user(store)
        await accounts.rename(ada, "Countess")
        await accounts.set_disabled(ada, True)
        user = (await accounts.by_id(ada)).user
        assert (user.name, user.disabled) == ("Countess", True)
        await accounts.set_disabled(ada, False)
        assert not (await accounts.by_id(ada)).user.disabled
        for change in (accounts.rename(NOBODY, "x"), accounts.set_disabled(NOBODY, True)):
            with pytest.raises(NotFound):
                await change

    # --- links ---

    async def test_a_link_is_used_once_for_its_purpose_and_in_time_L11(
        self, backend: Backend
    ) -> None:
        store, other = await opened(backend), await opened(backend)
        user = await new_user(store)
        link = Link(Purpose.EMAIL, user, "new@x.example", Millis(backend.clock.now() + 1000))
        await store.people.links.add(DIGEST, link)
        assert await other.people.links.show(DIGEST, Purpose.EMAIL) == link
        for digest, purpose in ((DIGEST, Purpose.LOGIN), (sha256(b"x").digest(), Purpose.EMAIL)):
            with pytest.raises(NotFound):
                await store.people.links.use(digest, purpose)
        assert await other.people.links.use(DIGEST, Purpose.EMAIL) == link
        with pytest.raises(NotFound):
            await store.people.links.use(DIGEST, Purpose.EMAIL)
        await store.people.links.add(DIGEST, link)
        await backend.clock.advance(1.0)
        with pytest.raises(NotFound):
            await store.people.links.use(DIGEST, Purpose.EMAIL)
        with pytest.raises(Invalid):
            await store.people.links.add(b"short", link)

    # --- second factors ---

    async def test_a_second_factor_counts_once_it_is_confirmed(self, backend: Backend) -> None:
        store = await opened(backend)
        factors, user = store.people.second_factors, await new_user(store)
        assert await factors.of(user) is None
        with pytest.raises(Conflict):
            await factors.confirm(user, 1, [])
        await factors.begin(user, b"first")
        await factors.begin(user, b"second")
        assert not (await store.people.accounts.by_id(user)).second_factor
        assert not await factors.spend_counter(user, 5)
        await factors.confirm(user, 5, [sha256(b"1").digest(), sha256(b"2").digest()])
        found = await factors.of(user)
        assert found is not None
        assert (found.sealed_seed, found.confirmed, found.codes_left) == (b"second", True, 2)
        assert (await store.people.accounts.by_id(user)).second_factor
        with pytest.raises(Conflict):
            await factors.begin(user, b"third")
        await factors.remove(user)
        assert await factors.of(user) is None

    async def test_time_steps_and_recovery_codes_are_used_once(self, backend: Backend) -> None:
        store = await opened(backend)
        factors, user = store.people.second_factors, await new_user(store)
        first, second = sha256(b"1").digest(), sha256(b"2").digest()
        await factors.begin(user, b"seed")
        await factors.confirm(user, 5, [first])
        assert [await factors.spend_counter(user, step) for step in (5, 6, 6, 4)] == [
            False,
            True,
            False,
            False,
        ]
        assert [await factors.spend_code(user, first) for _ in range(2)] == [True, False]
        await factors.replace_codes(user, [second])
        assert not await factors.spend_code(user, first)
        assert await factors.spend_code(user, second)

    # --- identities ---

    async def test_an_identity_logs_in_to_one_account(self, backend: Backend) -> None:
        store = await opened(backend)
        identities = store.people.identities
        ada, bob = await new_user(store), await new_user(store, "bob")
        here, there = Identity("https://id", "1"), Identity("https://other", "1")
        await identities.link(ada, here, "ada@id")
        owner = await identities.owner(here)
        assert owner is not None
        assert owner.id == ada
        assert await identities.owner(there) is None
        with pytest.raises(Conflict):
            await identities.link(bob, here, "")
        with pytest.raises(NotFound):
            await identities.link(NOBODY, there, "")
        [linked] = await identities.of(ada)
        assert (linked.identity, linked.label) == (here, "ada@id")
        with pytest.raises(NotFound):
            await identities.unlink(bob, here)
        await identities.unlink(ada, here)
        assert list(await identities.of(ada)) == []

    # --- attempts ---

    async def test_attempts_are_counted_for_all_processes(self, backend: Backend) -> None:
        one, other = await opened(backend), await opened(backend)
        allowed = [Allowance("account", burst=2, seconds=10), Allowance("address", 5, 10)]
        assert await one.people.throttle.charge(allowed) == 0
        assert await other.people.throttle.charge(allowed) == 0
        assert await one.people.throttle.charge(allowed) == 10
        assert await one.people.throttle.charge(allowed[1:]) == 0
        await backend.clock.advance(10)
        assert await other.people.throttle.charge(allowed) == 0
        assert await other.people.throttle.charge(allowed) == 10

    async def test_what_is_refused_is_charged_to_nobody(self, backend: Backend) -> None:
        throttle = (await opened(backend)).people.throttle
        full, free = Allowance("full", 1, 10), Allowance("free", 1, 10)
        await throttle.charge([full])
        assert await throttle.charge([full, free]) > 0
        assert await throttle.charge([free]) == 0

    async def test_an_attempt_is_given_back(self, backend: Backend) -> None:
        throttle = (await opened(backend)).people.throttle
        allowed = [Allowance("account", burst=1, seconds=10)]
        for _ in range(3):
            assert await throttle.charge(allowed) == 0
            await throttle.refund(allowed)
        await throttle.refund(allowed)
        assert await throttle.charge(allowed) == 0
        assert await throttle.charge(allowed) > 0
