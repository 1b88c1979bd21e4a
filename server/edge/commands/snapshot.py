"""``8gentc snapshot``: keeping a project as it is, looking back, and going back (L10).

Works beside a running server: a restore appends to the log like everybody, and live rooms
follow. What does not live here: how differences read (``readable``).
"""

from argparse import ArgumentParser, Namespace

from server.document.elements import FORMS, ElementRef, Kind
from server.document.project_difference import Difference
from server.document.schema import ProjectView
from server.edge.commands.kit import Answer, Ports, Verbs, add_noun, add_verb, columns, timestamp
from server.edge.commands.readable import readable
from server.edge.differences import difference_as_json
from server.protocol.errors import Invalid
from server.protocol.ids import ProjectId, SnapshotId
from server.room.historian import SnapshotRequest
from server.room.history_ports import Occasion, Snapshot


def register(nouns: Verbs) -> None:
    """``snapshot add | list | show | diff | restore | remove``."""
    verbs = add_noun(nouns, "snapshot", "Whole projects as they were.")
    adding = add_verb(verbs, "add", "Keep a project as it is now; prints the id.", add)
    adding.add_argument("project", metavar="PROJECT")
    adding.add_argument("--name", metavar="N", help="default: the time")
    adding.add_argument("--note", metavar="TEXT", default="")
    listing = add_verb(verbs, "list", "List a project's snapshots, newest first.", list_)
    listing.add_argument("project", metavar="PROJECT")
    _on_snapshot(add_verb(verbs, "show", "Show what a snapshot holds.", show))
    comparing = add_verb(verbs, "diff", "Compare a snapshot with another, or with now.", diff)
    _on_snapshot(comparing)
    comparing.add_argument("other", metavar="ID", nargs="?", help="default: the project now")
    restoring = add_verb(verbs, "restore", "Bring a snapshot back as an edit.", restore)
    _on_snapshot(restoring)
    only = restoring.add_mutually_exclusive_group()
    for kind in Kind:
        only.add_argument(f"--{kind}", metavar="ID", help=f"only this {kind}")
    _on_snapshot(add_verb(verbs, "remove", "Forget a snapshot.", remove))


def _on_snapshot(parser: ArgumentParser) -> None:
    parser.add_argument("snapshot", metavar="ID", type=SnapshotId)


async def add(args: Namespace, ports: Ports) -> Answer:
    """``snapshot add PROJECT [--name N] [--note TEXT]``."""
    name = timestamp(ports.clock.now()) if args.name is None else args.name
    request = SnapshotRequest(Occasion.NAMED, None, name, args.note)
    taken = await ports.historian.take(ProjectId(args.project), request)
    return Answer(_as_json(taken), (taken.id,))


async def list_(args: Namespace, ports: Ports) -> Answer:
    """``snapshot list PROJECT``."""
    found = await ports.historian.snapshots.list(ProjectId(args.project))
    rows = [
        (one.id, timestamp(one.created_at), one.occasion.value, str(one.size), one.name or "")
        for one in found
    ]
    return Answer([_as_json(one) for one in found], columns(rows))


async def show(args: Namespace, ports: Ports) -> Answer:
    """``snapshot show ID``."""
    found, state = await ports.historian.snapshot(args.snapshot)
    view = await ports.historian.view(state)
    data = _as_json(found) | {"holds": _counts(view)}
    facts = [(name, "" if value is None else str(value)) for name, value in _as_json(found).items()]
    holds = ", ".join(f"{name}: {count}" for name, count in _counts(view).items())
    return Answer(data, (*columns(facts), holds, *(f"# {one.title}" for one in view.sections)))


async def diff(args: Namespace, ports: Ports) -> Answer:
    """``snapshot diff ID [ID]``."""
    found = await _difference(args, ports)
    return Answer(difference_as_json(found), readable(found))


async def _difference(args: Namespace, ports: Ports) -> Difference:
    historian = ports.historian
    one, before = await historian.snapshot(args.snapshot)
    if args.other is None:
        return await historian.compare(before, await historian.now(one.project))
    other, after = await historian.snapshot(SnapshotId(args.other))
    if other.project != one.project:
        raise Invalid("these are snapshots of different projects")
    return await historian.compare(before, after)


async def restore(args: Namespace, ports: Ports) -> Answer:
    """``snapshot restore ID``."""
    only = next(
        (ElementRef(kind, id) for kind in Kind if (id := getattr(args, kind)) is not None), None
    )
    done = await ports.restorer.restore(args.snapshot, only, by=None)
    data = {
        "snapshot": args.snapshot, "backup": done.backup.id, "seq": done.seq,
        "untouched": list(done.untouched),
    }  # fmt: skip
    lines = [f"restored at {done.seq}; as it was before: {done.backup.id}"]
    if done.untouched:
        lines.append(f"not ours, and left as they are: {', '.join(done.untouched)}")
    return Answer(data, tuple(lines))


async def remove(args: Namespace, ports: Ports) -> Answer:
    """``snapshot remove ID``."""
    await ports.historian.snapshots.remove(args.snapshot)
    return Answer({"id": args.snapshot, "removed": True}, (f"removed {args.snapshot}",))


def _counts(view: ProjectView) -> dict[str, int]:
    return {
        FORMS[Kind.SECTION].root: len(view.sections),
        FORMS[Kind.NODE].root: len(view.nodes),
        FORMS[Kind.EDGE].root: len(view.edges),
        FORMS[Kind.DIAGRAM].root: len(view.diagrams),
    }


def _as_json(one: Snapshot) -> dict[str, object]:
    return {
        "id": one.id,
        "project": one.project,
        "name": one.name,
        "occasion": one.occasion.value,
        "by": one.by,
        "note": one.note,
        "seq": one.seq,
        "created_at": timestamp(one.created_at),
        "bytes": one.size,
    }
