"""A request for each row of the table "Who gets what" in docs/SPEC.md.

A route that needs no body and no name but ``{project_id}`` needs no sample. To add one: the
row as it stands in the table, what is sent, and what is done before (by nobody in
particular) in the project that is asked about; that answers the other names of the path.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pycrdt

from server.document.diagrams import NewDiagram, add_diagram
from server.document.edges import NewEdge, add_edge
from server.document.nodes import NewNode, add_node
from server.document.plan import NewSection, add_section
from server.document.proposals import How, NewProposal, add_proposal
from server.document.replica import Document
from server.document.whereabouts import Spot
from server.edge.secrets import new_token, token_digest
from server.protocol.ids import Millis, ProjectId, Seq
from server.protocol.roles import Role
from server.protocol.update import EMPTY_UPDATE
from server.room.history_ports import NewSnapshot, Occasion
from server.room.ports import Attribution, Means
from server.room.run_ports import Allowance, NewRun, RunTask
from tests.server.edge.api.sql_house import SqlHouse

Names = Mapping[str, str]
Preparation = Callable[[SqlHouse, ProjectId], Awaitable[Names]]

HOUR = 60 * 60 * 1000


async def nothing(here: SqlHouse, project: ProjectId) -> Names:
    """The project is all that it takes."""
    return {}


async def deleted(here: SqlHouse, project: ProjectId) -> Names:
    """A project in the bin."""
    await here.store.directory.delete_project(project)
    return {}


async def guest(here: SqlHouse, project: ProjectId) -> Names:
    """Another member."""
    await here.store.directory.set_member(project, here.people["guest"], Role.VIEWER)
    return {"user_id": here.people["guest"]}


async def somebody(here: SqlHouse, project: ProjectId) -> Names:
    """An account that nobody will miss."""
    user = await here.store.directory.add_user(
        email=f"{project}@y.example", name="Guest", is_admin=False, password_hash=None
    )
    return {"user_id": user.id}


async def invitation(here: SqlHouse, project: ProjectId) -> Names:
    """A link for viewers."""
    code = new_token()
    made = await here.store.invitations.invite(
        project,
        here.people["owner"],
        digest=token_digest(code),
        role=Role.VIEWER,
        expires_at=Millis(here.clock.now() + HOUR),
        max_uses=1,
    )
    return {"invitation_id": made.id, "code": code}


async def snapshot(here: SqlHouse, project: ProjectId) -> Names:
    """One that holds what the project holds."""
    new = NewSnapshot(project, Seq(1), EMPTY_UPDATE, Occasion.NAMED, None, "Before")
    return {"snapshot_id": (await here.store.snapshots.add(new, keep=1)).id}


async def section(here: SqlHouse, project: ProjectId) -> Names:
    """A section of the plan."""
    by = Attribution(here.people["owner"], Means.CLIENT)
    await here.rooms.write(project, section_update(), by, Role.OWNER)
    return {"kind": "section", "element_id": "s"}


async def first_state(here: SqlHouse, project: ProjectId) -> Names:
    """The state that every project has been in."""
    return {"seq": "1"}


def section_update() -> bytes:
    """A section with a few words."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    fields = {"title": "Goals", "rank": "a", "body": pycrdt.Text("words")}
    doc.get("plan", type=pycrdt.Map)["s"] = pycrdt.Map(fields)
    return doc.get_update()


async def elements(here: SqlHouse, project: ProjectId) -> Names:
    """One of each."""

    def add(doc: Document) -> None:
        add_node(doc, NewNode("n1", "One"))
        add_node(doc, NewNode("n2", "Two"))
        add_edge(doc, NewEdge("e1", "n1", "n2"))
        add_section(doc, NewSection("s1", "Market"))
        add_diagram(doc, NewDiagram("d1", "Map"))

    by = Attribution(None, Means.REST)
    await here.rooms.edit(project, add, by, Role.OWNER)
    return {"node_id": "n1", "edge_id": "e1", "section_id": "s1", "diagram_id": "d1"}


async def ended_run(here: SqlHouse, project: ProjectId) -> Names:
    """A run that was cancelled before anybody took it."""
    new = NewRun(project, here.people["owner"], RunTask.FREE, "A plan, please")
    run = await here.store.runs.ask(new, Allowance())
    return {"run_id": (await here.store.runs.cancel(run.id)).id}


async def proposed(here: SqlHouse, project: ProjectId) -> Names:
    """Another text for a section."""
    await elements(here, project)
    new = NewProposal("p1", "run", Spot("plan", "s1"), How.APPEND, text="More.")
    await here.rooms.edit(
        project, lambda doc: add_proposal(doc, new), Attribution(None, Means.RUN), Role.OWNER
    )
    return {"proposal_id": "p1"}


async def another_token(here: SqlHouse, project: ProjectId) -> Names:
    """Of somebody else."""
    made = await here.store.directory.add_token(
        here.people["guest"], digest=token_digest(new_token()), label="", expires_at=None
    )
    return {"credential_id": made}


async def no_provider(here: SqlHouse, project: ProjectId) -> Names:
    """A name that no provider has, and an identity that nobody has."""
    return {"provider": "oidc", "identity_id": "0"}


def yjs_update() -> bytes:
    """A few words."""
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    doc.get("t", type=pycrdt.Text).insert(0, "words")
    return doc.get_update()


@dataclass(frozen=True, slots=True)
class Sample:
    """What is sent; strings in ``json`` may hold the names that ``before`` answers."""

    json: Mapping[str, Any] | None = None
    content: bytes | None = None
    query: str = ""
    before: Preparation = field(default=nothing)

    def body(self, names: Names) -> dict[str, Any]:
        """As the client's keyword arguments."""
        if self.json is not None:
            return {"json": {key: _filled(value, names) for key, value in self.json.items()}}
        return {} if self.content is None else {"content": self.content}


def _filled(value: Any, names: Names) -> Any:
    return value.format(**names) if isinstance(value, str) else value


PASSWORD = "correct horse battery"

ACCOUNTS: dict[str, Sample] = {
    "POST /auth/register": Sample({"email": "{project_id}@y.example", "password": PASSWORD}),
    "POST /auth/register/confirm": Sample({"link": "8gl_used", "password": PASSWORD}),
    "POST /auth/login": Sample({"email": "owner@x.example", "password": "wrong"}),
    "POST /auth/link": Sample({"link": "8gl_used"}),
    "POST /auth/password/forgot": Sample({"email": "owner@x.example"}),
    "POST /auth/password/reset": Sample({"link": "8gl_used", "password": PASSWORD}),
    "POST /auth/email": Sample({"link": "8gl_used"}),
    "GET /auth/providers/{provider}/login": Sample(before=no_provider),
    "GET /auth/providers/{provider}/callback": Sample(before=no_provider),
    "PATCH /users/me": Sample({"name": "Ada"}),
    "PUT /users/me/password": Sample({"new": PASSWORD}),
    "POST /users/me/email": Sample({"email": "new@y.example"}),
    "POST /users/me/delete": Sample({}),
    "POST /users/me/second-factor": Sample({}),
    "POST /users/me/second-factor/confirm": Sample({"code": "000000"}),
    "POST /users/me/second-factor/recovery-codes": Sample({"code": "000000"}),
    "POST /users/me/second-factor/remove": Sample({"code": "000000"}),
    "POST /users/me/identities/{provider}": Sample(before=no_provider),
    "DELETE /users/me/identities/{identity_id}": Sample(before=no_provider),
    "DELETE /sessions/{credential_id}": Sample(before=another_token),
    "POST /tokens": Sample({"label": "script"}),
    "DELETE /tokens/{credential_id}": Sample(before=another_token),
}
"""Of accounts: what is somebody's own, so that roles make no difference."""

SAMPLES: dict[str, Sample] = {
    **ACCOUNTS,
    "POST /projects": Sample({"title": "Bakery"}),
    "PATCH /projects/{project_id}": Sample({"title": "Bakery"}),
    "POST /projects/{project_id}/duplicate": Sample({"title": "Bakery"}),
    "POST /projects/{project_id}/undelete of a deleted one": Sample(before=deleted),
    "POST /projects/{project_id}/purge of a deleted one": Sample(before=deleted),
    "POST /projects/{project_id}/members": Sample({"email": "guest@x.example", "role": "viewer"}),
    "PATCH /projects/{project_id}/members/{user_id}": Sample({"role": "editor"}, before=guest),
    "DELETE /projects/{project_id}/members/{user_id}": Sample(before=guest),
    "POST /projects/{project_id}/transfer": Sample({"user_id": "{user_id}"}, before=guest),
    "POST /projects/{project_id}/invitations": Sample({"role": "viewer"}),
    "DELETE /projects/{project_id}/invitations/{invitation_id}": Sample(before=invitation),
    "GET /invitations/{code}": Sample(before=invitation),
    "POST /invitations/{code}/accept": Sample(before=invitation),
    "POST /projects/{project_id}/update": Sample(content=yjs_update()),
    "POST /projects/{project_id}/snapshots": Sample({"name": "Before the bank"}),
    "GET /projects/{project_id}/snapshots/{snapshot_id}": Sample(before=snapshot),
    "DELETE /projects/{project_id}/snapshots/{snapshot_id}": Sample(before=snapshot),
    "GET /projects/{project_id}/snapshots/{snapshot_id}/content": Sample(before=snapshot),
    "GET /projects/{project_id}/snapshots/{snapshot_id}/update": Sample(before=snapshot),
    "GET /projects/{project_id}/snapshots/{snapshot_id}/difference": Sample(before=snapshot),
    "POST /projects/{project_id}/snapshots/{snapshot_id}/restore": Sample({}, before=snapshot),
    "GET /projects/{project_id}/blame/{kind}/{element_id}": Sample(before=section),
    "GET /projects/{project_id}/states/{seq}": Sample(before=first_state),
    "GET /projects/{project_id}/states/{seq}/difference": Sample(query="?to=1", before=first_state),
    "POST /projects/{project_id}/nodes": Sample({"label": "Customers"}),
    "POST /projects/{project_id}/edges": Sample({"source": "n1", "target": "n2"}, before=elements),
    "POST /projects/{project_id}/plan": Sample({"title": "Market"}),
    "POST /projects/{project_id}/diagrams": Sample({"title": "Map"}),
    "PATCH /projects/{project_id}/nodes/{node_id}": Sample({"label": "New"}, before=elements),
    "PATCH /projects/{project_id}/edges/{edge_id}": Sample({"label": "New"}, before=elements),
    "PATCH /projects/{project_id}/plan/{section_id}": Sample({"title": "New"}, before=elements),
    "PATCH /projects/{project_id}/diagrams/{diagram_id}": Sample({"title": "New"}, before=elements),
    **{
        f"{method} /projects/{{project_id}}/{kind}": Sample(before=elements)
        for method in ("GET", "DELETE")
        for kind in (
            "nodes/{node_id}",
            "edges/{edge_id}",
            "plan/{section_id}",
            "diagrams/{diagram_id}",
        )
    },
    "POST /projects/{project_id}/proposals/{proposal_id}/accept": Sample(before=proposed),
    "POST /projects/{project_id}/proposals/{proposal_id}/reject": Sample(before=proposed),
    "POST /projects/{project_id}/runs": Sample({"prompt": "A plan, please"}),
    "GET /projects/{project_id}/runs/{run_id}": Sample(before=ended_run),
    "GET /projects/{project_id}/runs/{run_id}/events": Sample(before=ended_run),
    "POST /projects/{project_id}/runs/{run_id}/cancel": Sample(before=ended_run),
    "POST /projects/{project_id}/runs/{run_id}/revert": Sample(before=ended_run),
    "POST /projects/{project_id}/bulk": Sample(
        {"operations": [{"do": "add-node", "node": {"label": "One"}}]}
    ),
    "GET /projects/{project_id}/graph/neighbours": Sample(query="?node=n1", before=elements),
    "GET /projects/{project_id}/graph/paths": Sample(query="?source=n1&target=n2", before=elements),
    "POST /projects/import": Sample({"title": "Bakery"}),
    "POST /admin/users": Sample({"email": "{project_id}@z.example"}),
    "GET /admin/users/{user_id}": Sample(before=somebody),
    "PATCH /admin/users/{user_id}": Sample({"disabled": True}, before=somebody),
    "DELETE /admin/users/{user_id}": Sample(before=somebody),
    "POST /admin/users/{user_id}/sign-out": Sample(before=somebody),
    "PUT /admin/projects/{project_id}/limits": Sample({"max_bytes": 5000, "max_members": None}),
    "POST /admin/projects/{project_id}/undelete of a deleted one": Sample(before=deleted),
    "POST /admin/projects/{project_id}/purge of a deleted one": Sample(before=deleted),
}
"""By row of the table."""
