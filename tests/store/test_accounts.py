"""Accounts in SQL: the contract."""

import pytest

from tests.contracts.accounts import AccountsContract
from tests.contracts.backends import Closing
from tests.contracts.users import UsersContract

pytestmark = pytest.mark.anyio


@pytest.fixture
def backend(sql_backend: Closing) -> Closing:
    """SQLite, then PostgreSQL: these ports have no double."""
    return sql_backend


class TestAccounts(AccountsContract):
    """SQLite, PostgreSQL."""


class TestUsers(UsersContract):
    """SQLite, PostgreSQL."""
