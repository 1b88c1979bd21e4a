"""``8gentc project``: making, listing, carrying away and bringing in projects.

The file of ``export`` and ``import`` is one raw Yjs update (v1): any Yjs program
reads it with ``applyUpdate``. It holds the present state, not the history.

Laws kept: L1 (an export is read from the log, so everything in it is durable), L4
(what is parked is exported too), L7 (an import is walked before pycrdt sees it).
"""

from argparse import Namespace
from contextlib import closing
from pathlib import Path

from server.document.replica import Replica
from server.edge.commands.kit import Answer, Ports, Verbs, add_noun, add_verb, columns, timestamp
from server.edge.projects import create_project, fit_title, oldest_deletion
from server.protocol.errors import Invalid, TooLarge
from server.protocol.ids import ProjectId
from server.protocol.update import inspect
from server.room.ports import Attribution, Means, NewUpdate, Project, StoredDocument


def register(nouns: Verbs) -> None:
    """``project add | list | export | import | delete | undelete | purge``."""
    verbs = add_noun(nouns, "project", "Projects; each is one document.")
    adding = add_verb(verbs, "add", "Make a project and print its id.", add)
    adding.add_argument("title", metavar="TITLE")
    adding.add_argument("--owner", metavar="EMAIL", required=True)
    add_verb(verbs, "list", "List all projects, oldest first.", list_projects)
    exporting = add_verb(verbs, "export", "Write a project's state to a file.", export)
    exporting.add_argument("project", metavar="PROJECT")
    exporting.add_argument("file", metavar="FILE", type=Path, help="a Yjs update (v1)")
    importing = add_verb(verbs, "import", "Make a project from an exported file.", import_)
    importing.add_argument("file", metavar="FILE", type=Path, help="a Yjs update (v1)")
    importing.add_argument("--owner", metavar="EMAIL", required=True)
    importing.add_argument("--title", metavar="T", help="default: the name of the file")
    deleting = add_verb(verbs, "delete", "Delete a project; its connections close.", delete)
    deleting.add_argument("project", metavar="PROJECT")
    undeleting = add_verb(verbs, "undelete", "Bring a deleted project back.", undelete)
    undeleting.add_argument("project", metavar="PROJECT")
    purging = add_verb(verbs, "purge", "Remove a deleted project for good.", purge)
    purging.add_argument("project", metavar="PROJECT")


async def add(args: Namespace, ports: Ports) -> Answer:
    """``project add TITLE --owner EMAIL``."""
    owner = await ports.directory.user_by_email(args.owner)
    project = await create_project(ports.directory, ports.clock, title=args.title, owner=owner.id)
    return Answer(_as_json(project), (project.id,))


async def list_projects(_: Namespace, ports: Ports) -> Answer:
    """``project list``."""
    projects = await ports.directory.list_projects()
    rows = [
        (project.id, project.title, str(project.head), timestamp(project.created_at))
        for project in projects
    ]
    return Answer([_as_json(project) for project in projects], columns(rows))


async def export(args: Namespace, ports: Ports) -> Answer:
    """``project export PROJECT FILE``."""
    stored = await ports.log.load(ProjectId(args.project))
    update = _state(stored)
    try:
        args.file.write_bytes(update)
    except OSError as problem:
        raise Invalid(f"cannot write {args.file}: {problem.strerror}") from None
    data = {"project": args.project, "file": str(args.file), "bytes": len(update)}
    return Answer(data | {"seq": stored.head}, (f"wrote {len(update)} bytes to {args.file}",))


async def import_(args: Namespace, ports: Ports) -> Answer:
    """``project import FILE --owner EMAIL``."""
    owner = await ports.directory.user_by_email(args.owner)
    update = _read(args.file, ports.settings.max_document_bytes)
    _require_document(update)
    seed = NewUpdate(update, Attribution(owner.id, Means.IMPORT), ports.clock.now())
    title = fit_title(args.title or args.file.stem)
    project = await ports.directory.add_project(title, owner=owner.id, seed=seed)
    return Answer(_as_json(project), (project.id,))


async def delete(args: Namespace, ports: Ports) -> Answer:
    """``project delete PROJECT``."""
    await ports.directory.delete_project(ProjectId(args.project))
    return Answer({"id": args.project, "deleted": True}, (f"deleted {args.project}",))


async def undelete(args: Namespace, ports: Ports) -> Answer:
    """``project undelete PROJECT``."""
    since = oldest_deletion(ports.clock, ports.settings)
    await ports.projects.undelete(ProjectId(args.project), deleted_after=since)
    return Answer({"id": args.project, "deleted": False}, (f"undeleted {args.project}",))


async def purge(args: Namespace, ports: Ports) -> Answer:
    """``project purge PROJECT``. A running server has closed its room when it was deleted."""
    await ports.projects.purge(ProjectId(args.project))
    return Answer({"id": args.project, "purged": True}, (f"purged {args.project}",))


def _state(stored: StoredDocument) -> bytes:
    rows = (row.payload for row in stored.tail)
    with closing(Replica.load(rows, checkpoint=stored.checkpoint)) as replica:
        return replica.everything()


def _read(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as source:
            content = source.read(limit + 1)
    except OSError as problem:
        raise Invalid(f"cannot read {file}: {problem.strerror}") from None
    if len(content) > limit:
        raise TooLarge(f"{file} has more than {limit} bytes: see AGENTC_MAX_DOCUMENT_BYTES")
    return content


def _require_document(update: bytes) -> None:
    """Raises a ``PeerError`` unless these bytes are an update that can be applied."""
    inspect(update)
    replica = Replica()
    try:
        replica.apply(update)
    finally:
        replica.close()


def _as_json(project: Project) -> dict[str, object]:
    created = timestamp(project.created_at)
    return {
        "id": project.id, "title": project.title, "seq": project.head, "created_at": created,
    }  # fmt: skip
