"""``8gentc project export | import``: projects carried away and brought in.

A plain export is one raw Yjs update (v1): any Yjs program reads it with ``applyUpdate``; it
holds the present state and not the history. With ``--history`` it is a file of ours that holds
everything (``server.edge.history_file``); an import tells them apart by itself.

Laws kept: L1 (an export is read from the log, so everything in it is durable), L4 (what is
parked is exported too), L7 (an import is walked before pycrdt sees it), and a failed import
changes nothing.
"""

import asyncio
from argparse import Namespace
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from server.document.replica import Replica
from server.edge import history_file
from server.edge.commands.kit import Answer, Ports, Verbs, add_verb, project_as_json
from server.edge.projects import fit_title
from server.protocol.errors import Invalid, TooLarge
from server.protocol.ids import ProjectId, UserId
from server.protocol.update import inspect
from server.room.historian import SnapshotRequest, state_of
from server.room.history_ports import Occasion
from server.room.ports import Attribution, Means, NewUpdate, Project
from server.room.restorer import LogEditor
from server.room.transfer import checked, checked_states
from server.room.transfer_ports import CheckedProject


def register(verbs: Verbs) -> None:
    """``project export | import``."""
    exporting = add_verb(verbs, "export", "Write a project to a file.", export)
    exporting.add_argument("project", metavar="PROJECT")
    exporting.add_argument("file", metavar="FILE", type=Path)
    exporting.add_argument(
        "--history",
        action="store_true",
        help="with its whole past and snapshots; else its state, as a Yjs update (v1)",
    )
    importing = add_verb(verbs, "import", "Make a project of an exported file.", import_)
    importing.add_argument("file", metavar="FILE", type=Path, help="of either kind")
    whose = importing.add_mutually_exclusive_group(required=True)
    whose.add_argument("--owner", metavar="EMAIL", help="of the new project")
    whose.add_argument("--into", metavar="PROJECT", help="merge a Yjs update into this project")
    importing.add_argument("--title", metavar="T", help="default: of the project, or of the file")


async def export(args: Namespace, ports: Ports) -> Answer:
    """``project export PROJECT FILE [--history]``."""
    project = ProjectId(args.project)
    if args.history:
        return await _export_history(project, args.file, ports)
    stored = await ports.log.load(project)
    update = state_of(stored)
    try:
        args.file.write_bytes(update)
    except OSError as problem:
        raise Invalid(f"cannot write {args.file}: {problem.strerror}") from None
    return _written(project, args.file, len(update), stored.head)


async def _export_history(project: ProjectId, file: Path, ports: Ports) -> Answer:
    carried = await ports.transfers.carry(project)
    with closing(Replica.load(carried.payloads)) as replica:
        state = replica.everything()
    size = await asyncio.to_thread(history_file.write, file, carried, state)
    return _written(project, file, size, carried.head)


def _written(project: ProjectId, file: Path, size: int, seq: int) -> Answer:
    data = {"project": project, "file": str(file), "bytes": size, "seq": seq}
    return Answer(data, (f"wrote {size} bytes to {file}",))


async def import_(args: Namespace, ports: Ports) -> Answer:
    """``project import FILE (--owner EMAIL [--title T] | --into PROJECT)``."""
    if args.into is not None:
        return await _merge(args.file, ProjectId(args.into), ports)
    owner = (await ports.directory.user_by_email(args.owner)).id
    if history_file.is_history(args.file):
        made = await _import_history(args.file, args.title, owner, ports)
    else:
        update = _read(args.file, ports.settings.max_document_bytes)
        _require_document(update)
        seed = NewUpdate(update, Attribution(owner, Means.IMPORT), ports.clock.now())
        title = fit_title(args.title or args.file.stem)
        made = await ports.directory.add_project(title, owner=owner, seed=seed)
    return Answer(project_as_json(made), (made.id,))


async def _import_history(file: Path, title: str | None, owner: UserId, ports: Ports) -> Project:
    limit = ports.settings.max_document_bytes
    with history_file.reading(file, limit) as (carried, state):
        project = await asyncio.to_thread(checked, carried, state, limit)
        believed = replace(
            project.carried,
            title=fit_title(title or carried.title),
            states=checked_states(carried.states, limit),
        )
        return await ports.transfers.bring(
            CheckedProject(believed, project.checkpoints), owner=owner
        )


async def _merge(file: Path, project: ProjectId, ports: Ports) -> Answer:
    """Into a project that is there, after a snapshot of it. Live clients follow."""
    if history_file.is_history(file):
        raise Invalid(f"{file} holds a history, which makes a project of its own: use --owner")
    limit = ports.settings.max_document_bytes
    update = _read(file, limit)
    shape = inspect(update)
    request = SnapshotRequest(
        Occasion.BEFORE_IMPORT, None, note=f"before {file.name} came in"[:200]
    )
    backup = await ports.historian.take(project, request)
    editor = LogEditor(ports.log, ports.clock)
    by = Attribution(None, Means.IMPORT)
    seq = await editor.write(project, update, shape, by, limit)
    data = {"project": project, "seq": seq, "backup": backup.id}
    return Answer(data, (f"merged at {seq}; as it was before: {backup.id}",))


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
    shape = inspect(update)
    with closing(Replica()) as replica:
        replica.apply(update, shape)
