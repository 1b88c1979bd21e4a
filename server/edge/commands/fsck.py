"""``8gentc fsck``: does what is stored still read back as it was written? (L3, L4)

Prints one line for each thing wrong, naming table and row, and exits with 1 if there
is any. With ``--repair`` what follows from the rest is mended first, and told. What does
not live here: the checks and the mending (the store's).
"""

from argparse import Namespace

from server.edge.commands.kit import Answer, Finding, Ports, Verbs, add_verb
from server.protocol.ids import ProjectId


def register(nouns: Verbs) -> None:
    """``fsck [PROJECT] [--repair]``."""
    parser = add_verb(
        nouns, "fsck", "Verify log, digests and checkpoints; exit 1 and name the bad row.", fsck
    )
    parser.add_argument("project", metavar="PROJECT", nargs="?", help="default: all")
    parser.add_argument("--repair", action="store_true", help="mend what the rest tells")


async def fsck(args: Namespace, ports: Ports) -> Answer:
    """``fsck [PROJECT] [--repair]``."""
    project = None if args.project is None else ProjectId(args.project)
    if project is not None:
        await ports.directory.project(project)
    deeds = await ports.vault.repair(project) if args.repair else ()
    findings = await ports.verify(project)
    lines = [*deeds, *(_line(finding) for finding in findings)]
    verdict = f"problems found: {len(findings)}" if findings else "no problems found"
    data: dict[str, object] = {"problems": [_as_json(finding) for finding in findings]}
    if args.repair:
        data["repaired"] = list(deeds)
    return Answer(data, (*lines, verdict), exit_code=1 if findings else 0)


def _line(finding: Finding) -> str:
    row = "" if finding.row is None else f" row {finding.row}"
    project = "" if finding.project is None else f" of project {finding.project}"
    return f"{finding.table}{row}{project}: {finding.what}"


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "project": finding.project,
        "table": finding.table,
        "row": finding.row,
        "problem": finding.what,
    }
