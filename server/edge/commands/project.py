"""``8gentc project``: making, listing, deleting and purging projects.

What does not live here: files of projects (``project_files``).
"""

from argparse import Namespace

from server.edge.commands import project_files
from server.edge.commands.kit import (
    Answer,
    Ports,
    Verbs,
    add_noun,
    add_verb,
    columns,
    project_as_json,
    timestamp,
)
from server.edge.projects import create_project, oldest_deletion
from server.protocol.ids import ProjectId


def register(nouns: Verbs) -> None:
    """``project add | list | export | import | delete | undelete | purge``."""
    verbs = add_noun(nouns, "project", "Projects; each is one document.")
    adding = add_verb(verbs, "add", "Make a project and print its id.", add)
    adding.add_argument("title", metavar="TITLE")
    adding.add_argument("--owner", metavar="EMAIL", required=True)
    add_verb(verbs, "list", "List all projects, oldest first.", list_projects)
    project_files.register(verbs)
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
    return Answer(project_as_json(project), (project.id,))


async def list_projects(_: Namespace, ports: Ports) -> Answer:
    """``project list``."""
    projects = await ports.directory.list_projects()
    rows = [
        (project.id, project.title, str(project.head), timestamp(project.created_at))
        for project in projects
    ]
    return Answer([project_as_json(project) for project in projects], columns(rows))


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
