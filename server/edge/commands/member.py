"""``8gentc member``: who may do what in a project. A change reaches live connections of a
running server within a second (L8)."""

from argparse import Namespace

from server.edge.commands.kit import Answer, Ports, Verbs, add_noun, add_verb, columns
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.ports import Member


def register(nouns: Verbs) -> None:
    """``member add | list | remove``."""
    verbs = add_noun(nouns, "member", "Who may do what in a project.")
    adding = add_verb(verbs, "add", "Add somebody, or change their role.", add)
    adding.add_argument("project", metavar="PROJECT")
    adding.add_argument("email", metavar="EMAIL")
    adding.add_argument("role", metavar="ROLE", choices=[role.value for role in Role],
                        help="owner, editor or viewer")  # fmt: skip
    listing = add_verb(verbs, "list", "List the members of a project.", list_members)
    listing.add_argument("project", metavar="PROJECT")
    removing = add_verb(verbs, "remove", "Take somebody's rights in a project away.", remove)
    removing.add_argument("project", metavar="PROJECT")
    removing.add_argument("email", metavar="EMAIL")


async def add(args: Namespace, ports: Ports) -> Answer:
    """``member add PROJECT EMAIL ROLE``."""
    user = await ports.directory.user_by_email(args.email)
    member = Member(user, Role(args.role))
    await ports.directory.set_member(ProjectId(args.project), user.id, member.role)
    return Answer(_as_json(member), (f"{user.email} is now {member.role}",))


async def list_members(args: Namespace, ports: Ports) -> Answer:
    """``member list PROJECT``."""
    project = await ports.directory.project(ProjectId(args.project))
    members = await ports.directory.members(project.id)
    rows = [(member.user.email, member.user.name, member.role.value) for member in members]
    return Answer([_as_json(member) for member in members], columns(rows))


async def remove(args: Namespace, ports: Ports) -> Answer:
    """``member remove PROJECT EMAIL``."""
    user = await ports.directory.user_by_email(args.email)
    await ports.directory.remove_member(ProjectId(args.project), user.id)
    gone = {"project": args.project, "email": user.email, "removed": True}
    return Answer(gone, (f"removed {user.email}",))


def _as_json(member: Member) -> dict[str, object]:
    user = member.user
    return {"user": user.id, "email": user.email, "name": user.name, "role": member.role.value}
