"""The real ``oidc-provider`` in a process of its own, and a browser that logs in to it.

What does not live here: what is tested with it.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO
from urllib.parse import urljoin

from httpx2 import AsyncClient, Response
from joserfc.jwk import RSAKey

from tests.interop.node import FOLDER, SCRIPTS, require_node

CLIENT_ID, CLIENT_SECRET = "8gentc", "a secret between the two of us"
ACTION = re.compile(r'action="([^"]+)"')
PROMPT = re.compile(r'name="prompt" value="([^"]+)"')
STEPS = 12


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Where it is, and the key that it signs with."""

    issuer: str
    key: RSAKey


@contextmanager
def identity_provider(callback: str) -> Iterator[IdentityProvider]:
    """A provider that sends browsers back to ``callback``."""
    require_node()
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "key of the test"})
    wanted = {
        "jwks": {"keys": [key.as_dict(private=True)]},
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": callback,
    }
    process = subprocess.Popen(
        ["node", str(SCRIPTS / "oidc-provider.mjs")],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(wanted) + "\n")
        process.stdin.flush()
        told = _first_answer(process.stdout)
        yield IdentityProvider(json.loads(told)["issuer"], key)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def _first_answer(lines: IO[str]) -> str:
    """The first line that is JSON: the provider's own notices come before."""
    for line in lines:
        if line.startswith("{"):
            return line
    raise AssertionError("the provider ended before it listened")


async def logs_in(browser: AsyncClient, location: str, name: str, callback: str) -> str:
    """Follow a redirect to the provider, log in and consent there; the address that it sends
    the browser back to."""
    answer = await browser.get(location)
    for _ in range(STEPS):
        if answer.is_redirect:
            location = urljoin(location, answer.headers["location"])
            if location.startswith(callback):
                return location
            answer = await browser.get(location)
        else:
            location, answer = await _submits(browser, location, answer, name)
    raise AssertionError(f"not back after {STEPS} steps: {answer.status_code} {answer.text[:500]}")


async def _submits(
    browser: AsyncClient, page: str, answer: Response, name: str
) -> tuple[str, Response]:
    action, prompt = ACTION.search(answer.text), PROMPT.search(answer.text)
    assert action is not None, answer.text
    assert prompt is not None, answer.text
    target = urljoin(page, action[1])
    form = {"prompt": prompt[1], "login": name, "password": "any"}
    return target, await browser.post(target, data=form)
