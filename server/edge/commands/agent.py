"""``8gentc agent``: asking the agent, seeing what was asked, taking it back, working on it.

``agent run`` works on its run itself, beside a running server; ``agent work`` is another worker
on the same database; ``agent join`` lets this process's agent write in a project of another
server. What does not live here: the work.
"""

import asyncio
import signal
from argparse import ArgumentParser, Namespace

from server.edge.allowances import allowance_of
from server.edge.commands.kit import (
    Answer,
    Errand,
    Ports,
    Verbs,
    add_noun,
    add_verb,
    columns,
    timestamp,
)
from server.protocol.errors import Conflict, Invalid, NotFound
from server.protocol.ids import ProjectId, RunId, UserId
from server.protocol.roles import Role
from server.room.run_ports import ENDED, NewRun, Run, RunQuery, RunStatus, RunTask

LISTED = 100
SCHEMES = ("ws://", "wss://", "http://", "https://")
SUCCESS = (RunStatus.DONE, RunStatus.WAITING)


def register(nouns: Verbs) -> None:
    """``agent run | list | cancel | revert | join | work``."""
    verbs = add_noun(nouns, "agent", "What the agent is asked for, and what becomes of it.")
    asking = add_verb(verbs, "run", "Ask the agent, and wait until it is done.", run)
    asking.add_argument("project", metavar="PROJECT")
    _add_request(asking)
    asking.add_argument("--as", dest="asker", metavar="EMAIL", help="default: an owner")
    listing = add_verb(verbs, "list", "List what was asked, newest first.", list_)
    listing.add_argument("project", metavar="PROJECT")
    for name, means, handler in (
        ("cancel", "Stop a run; what it has written stays.", cancel),
        ("revert", "Take back what a run has written; people's words stay.", revert),
    ):
        add_verb(verbs, name, means, handler).add_argument("run", metavar="RUN", type=RunId)
    joining = add_verb(verbs, "join", "Let this agent write in a project of another server.", join)
    joining.add_argument("--url", required=True, metavar="URL", help="that server, like wss://host")
    joining.add_argument("--project", required=True, metavar="PROJECT", type=ProjectId)
    joining.add_argument(
        "--token", metavar="T", help="of somebody there; default: read from standard input"
    )
    _add_request(joining)
    add_verb(verbs, "work", "Work on what is asked, until interrupted.", work)


def _add_request(parser: ArgumentParser) -> None:
    parser.add_argument("prompt", metavar="PROMPT")
    parser.add_argument(
        "--task",
        metavar="TASK",
        choices=[task.value for task in RunTask],
        default=RunTask.PLAN.value,
        help=f"one of {', '.join(RunTask)}; default: plan",
    )


async def run(args: Namespace, ports: Ports) -> Answer:
    """``agent run PROJECT PROMPT [--task T] [--as EMAIL]``."""
    project = ProjectId(args.project)
    asker = await _asker(args, ports, project)
    new = NewRun(project, asker, RunTask(args.task), args.prompt)
    asked = await ports.runs.ask(new, allowance_of(ports.settings))
    async with ports.employ() as worker:
        done = await worker.work_now(asked.id)
    return _outcome(done)


async def join(args: Namespace, ports: Ports) -> Answer:
    """``agent join --url URL --project PROJECT [--token T] PROMPT``."""
    if not args.url.startswith(SCHEMES):
        raise Invalid(f"expected an address that begins with one of {', '.join(SCHEMES)}")
    token = args.token or ports.stdin.readline().strip()
    wanted = Errand(args.url, args.project, token, RunTask(args.task), args.prompt)
    return _outcome(await ports.send(wanted))


def _outcome(done: Run) -> Answer:
    lines = [f"{done.id} {done.status.value}"]
    if done.told:
        lines.append(done.told)
    return Answer(_as_json(done), tuple(lines), 0 if done.status in SUCCESS else 1)


async def list_(args: Namespace, ports: Ports) -> Answer:
    """``agent list PROJECT``."""
    project = (await ports.directory.project(ProjectId(args.project))).id
    found = await ports.runs.runs(project, RunQuery(LISTED))
    rows = [
        (one.id, timestamp(one.created_at), one.status.value, one.task.value, one.prompt[:60])
        for one in found
    ]
    return Answer([_as_json(one) for one in found], columns(rows) if rows else ())


async def cancel(args: Namespace, ports: Ports) -> Answer:
    """``agent cancel RUN``."""
    done = await ports.runs.cancel(args.run)
    told = done.status.value if done.status in ENDED else "it stops in a moment"
    return Answer(_as_json(done), (told,))


async def revert(args: Namespace, ports: Ports) -> Answer:
    """``agent revert RUN``."""
    found = await ports.runs.run(args.run)
    if found.status in (RunStatus.QUEUED, RunStatus.RUNNING):
        raise Conflict("somebody works on this run: cancel it first")
    done = await ports.reverter.revert(found.project, found.id, by=None)
    await ports.runs.reverted(found.id)
    data = {"run": found.id, "seq": done.seq, "removed": done.removed, "kept": done.kept,
            "backup": done.backup.id}  # fmt: skip
    told = (
        f"reverted at {done.seq}: {done.removed} elements went, {done.kept} stayed for what people "
        f"have written in them; as it was before: {done.backup.id}"
    )
    return Answer(data, (told,))


async def work(_: Namespace, ports: Ports) -> Answer:
    """``agent work``: until SIGINT or SIGTERM; what is not finished is handed on."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with ports.employ() as worker, asyncio.TaskGroup() as tasks:
        working = tasks.create_task(worker.run())
        await stop.wait()
        working.cancel()
    return Answer({"stopped": True}, ("stopped",))


async def _asker(args: Namespace, ports: Ports, project: ProjectId) -> UserId:
    """Whose rights the run has. Raises ``NotFound``."""
    if args.asker is not None:
        return (await ports.directory.user_by_email(args.asker)).id
    for member in await ports.directory.members(project):
        if member.role is Role.OWNER and not member.user.disabled:
            return member.user.id
    raise NotFound("this project has no owner who could ask: say who does, with --as EMAIL")


def _as_json(one: Run) -> dict[str, object]:
    usage = one.progress.usage
    return {
        "id": one.id,
        "project": one.project,
        "task": one.task.value,
        "prompt": one.prompt,
        "status": one.status.value,
        "reason": None if one.reason is None else one.reason.value,
        "told": one.told,
        "asker": one.asker,
        "model": one.model,
        "attempt": one.attempt,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost": usage.cost / 1_000_000,
        "characters": one.progress.characters,
        "elements": one.progress.elements,
        "created_at": timestamp(one.created_at),
        "reverted": one.reverted_at is not None,
    }
