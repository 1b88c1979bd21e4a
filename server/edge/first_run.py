"""The first start on an empty database: somebody to be, and something to open.

Only ``serve --first-run`` (that is ``make run``) does this, for it shows a token, and
the terminal that asked for it is the one place where that may happen (L11): a
container's log is not. What does not live here: who prints it, and when.
"""

from dataclasses import dataclass

from server.edge.one_time import OneTimeLinks
from server.edge.projects import create_project
from server.edge.secrets import new_token, token_digest
from server.protocol.ids import ProjectId
from server.room.account_ports import Purpose
from server.room.ports import Clock, Directory

EMAIL = "admin@localhost"
TITLE = "First project"
LABEL = "first run"


@dataclass(frozen=True, slots=True, repr=False)
class Welcome:
    """What the first user needs to connect. No repr: it holds a token."""

    project: ProjectId
    token: str
    login: str
    """A one-time link. Its address is where people reach this server."""


async def prepare_first_run(
    directory: Directory, links: OneTimeLinks, clock: Clock
) -> Welcome | None:
    """Make an admin, a project and a token; None when there are accounts already."""
    if await directory.list_users():
        return None
    user = await directory.add_user(email=EMAIL, name="Admin", is_admin=True, password_hash=None)
    project = await create_project(directory, clock, title=TITLE, owner=user.id)
    token = new_token()
    await directory.add_token(user.id, digest=token_digest(token), label=LABEL, expires_at=None)
    login = await links.make(Purpose.LOGIN, user=user.id)
    return Welcome(project.id, token, login)


def greeting(address: str, welcome: Welcome | None) -> str:
    """What the terminal shows once the server listens."""
    if welcome is None:
        return (
            f"8gentc is ready on http://{address}\n"
            f"Connect to ws://{address}/yjs/PROJECT?token=TOKEN; `8gentc project list` and "
            "`8gentc token add EMAIL` give you both.\n"
        )
    project, token = welcome.project, welcome.token
    return f"""\
8gentc is ready on http://{address}

  Log in           {welcome.login}
                   (once, within an hour; again: 8gentc user login-link {EMAIL})
  Your account     {EMAIL}
  First project    {project}
  Connect          ws://{address}/yjs/{project}?token={token}

  new WebsocketProvider('ws://{address}/yjs', '{project}', doc,
                        {{ params: {{ token: '{token}' }} }})

Link and token are shown this once. For another token: 8gentc token add {EMAIL}
"""
