"""Logging in through somebody else: any OpenID Connect provider, and GitHub (OAuth 2).

Authlib does the protocols: authorization code with PKCE (RFC 7636), state and nonce, the
provider's keys, signature and claims of its token. Here is which providers there are, and
what is believed of what they say. What does not live here: whose account that is
(``server.edge.identity``).

Law kept: L11. Codes and tokens of providers are used at once and kept nowhere; no error of
theirs is passed on, since it may quote them.
"""

import logging
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from server.edge.settings import Settings
from server.protocol.errors import NotAuthenticated, NotFound, ProviderUnavailable
from server.room.account_ports import Identity

logger = logging.getLogger(__name__)

OIDC, GITHUB = "oidc", "github"
GITHUB_ISSUER = "https://github.com"
GITHUB_API = "https://api.github.com/"
SECONDS = 10.0
"""For each request to a provider."""
LEEWAY = 30
"""Seconds by which a provider's clock may be off."""

NOT_TO_BE_BELIEVED = (AuthlibBaseError, JoseError, KeyError, TypeError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider vouches for."""

    identity: Identity
    name: str
    email: str | None
    """Only if the provider says that it has been verified."""


class Providers:
    """The providers that the settings name."""

    def __init__(self, settings: Settings, transport: httpx2.AsyncBaseTransport | None = None):
        self._issuer = settings.oidc_issuer
        self._oauth: Any = OAuth()  # Authlib has no types
        self.names: dict[str, str] = {}
        """What each is called, by its name in paths."""
        kwargs: dict[str, Any] = {"timeout": SECONDS, "code_challenge_method": "S256"}
        if transport is not None:
            kwargs["transport"] = transport
        if settings.oidc_issuer and settings.oidc_client_id:
            self._add_oidc(settings, kwargs)
        if settings.github_client_id and settings.github_client_secret:
            self._add_github(settings, kwargs)

    def _add_oidc(self, settings: Settings, kwargs: dict[str, Any]) -> None:
        self.names[OIDC] = settings.oidc_name
        secret = settings.oidc_client_secret
        method = {} if secret else {"token_endpoint_auth_method": "none"}
        self._oauth.register(
            OIDC,
            server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
            client_id=settings.oidc_client_id,
            client_secret=secret,
            client_kwargs={**kwargs, **method, "scope": "openid email profile"},
        )

    def _add_github(self, settings: Settings, kwargs: dict[str, Any]) -> None:
        self.names[GITHUB] = "GitHub"
        self._oauth.register(
            GITHUB,
            authorize_url=f"{GITHUB_ISSUER}/login/oauth/authorize",
            access_token_url=f"{GITHUB_ISSUER}/login/oauth/access_token",
            api_base_url=GITHUB_API,
            client_id=settings.github_client_id,
            client_secret=settings.github_client_secret,
            client_kwargs={**kwargs, "scope": "read:user user:email"},
        )

    async def begin(self, name: str, request: Request, callback: str) -> Response:
        """The redirect to the provider; its state is kept in the request's session.

        Raises ``NotFound`` for an unknown provider, ``ProviderUnavailable``."""
        client = self._client(name)
        try:
            redirect: Response = await client.authorize_redirect(request, callback)
        except (httpx2.HTTPError, *NOT_TO_BE_BELIEVED) as error:
            raise _unavailable(name, error) from None
        return redirect

    async def finish(self, name: str, request: Request) -> Claims:
        """Who came back. Raises ``NotAuthenticated`` for anything that does not hold,
        ``NotFound``, ``ProviderUnavailable``."""
        client = self._client(name)
        try:
            match name:
                case "oidc":
                    return await self._oidc_claims(client, request)
                case _:
                    return await _github_claims(client, request)
        except httpx2.HTTPError as error:
            raise _unavailable(name, error) from None
        except NOT_TO_BE_BELIEVED as error:
            logger.info("a login through %s does not hold: %s", name, type(error).__name__)
            raise NotAuthenticated("this login does not hold: begin it again") from None

    def _client(self, name: str) -> Any:
        if name not in self.names:
            raise NotFound("there is no such provider")
        return self._oauth.create_client(name)

    async def _oidc_claims(self, client: Any, request: Request) -> Claims:
        token = await client.authorize_access_token(request, leeway=LEEWAY)
        said: dict[str, Any] = token["userinfo"]  # there only if the id token holds
        if said["iss"].rstrip("/") != self._issuer:
            raise ValueError("another issuer")
        if "email" not in said:
            # Providers may keep it out of the token (OpenID Connect Core, 5.4).
            more = await client.userinfo(token=token)
            said = {**more, **said} if more["sub"] == said["sub"] else said
        email = said.get("email") if said.get("email_verified") is True else None
        name = str(said.get("name") or said.get("preferred_username") or "")
        return Claims(Identity(said["iss"], str(said["sub"])), name, email)


async def _github_claims(client: Any, request: Request) -> Claims:
    token = await client.authorize_access_token(request)
    user = (await client.get("user", token=token)).raise_for_status().json()
    emails = (await client.get("user/emails", token=token)).raise_for_status().json()
    email = next((one["email"] for one in emails if one["primary"] and one["verified"]), None)
    name = str(user.get("name") or user["login"])
    return Claims(Identity(GITHUB_ISSUER, str(user["id"])), name, email)


def _unavailable(name: str, error: Exception) -> ProviderUnavailable:
    return ProviderUnavailable(f"{name} does not answer as it should: {type(error).__name__}")
