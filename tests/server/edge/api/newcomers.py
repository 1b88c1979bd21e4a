"""Somebody who has just registered, and what they say."""

from typing import Any

from httpx2 import AsyncClient, Response

from tests.server.edge.api.sql_house import SqlHouse

PASSWORD = "correct horse battery"
ADA: dict[str, Any] = {"email": "ada@x.example", "name": "Ada", "password": PASSWORD}


async def newcomer(here: SqlHouse) -> AsyncClient:
    """Ada's browser, logged in."""
    browser = here.browser()
    assert (await browser.post("/auth/register", json=ADA)).status_code == 201
    return browser


def login(password: str = PASSWORD, **more: Any) -> dict[str, Any]:
    return {"email": "ada@x.example", "password": password, **more}


def told(answer: Response) -> tuple[int, str]:
    """Status and kind of a refusal."""
    return answer.status_code, answer.json()["type"].removeprefix("urn:8gentc:problem:")
