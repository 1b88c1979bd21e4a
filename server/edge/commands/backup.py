"""``8gentc backup`` and ``8gentc restore-backup``: the whole database in one file.

Taken while servers work on the database, verified as ``fsck`` would before the command ends.
What does not live here: the file (the store's).
"""

from argparse import Namespace
from pathlib import Path

from server.edge.commands.kit import Answer, Ports, Verbs, add_verb


def register(nouns: Verbs) -> None:
    """``backup FILE`` and ``restore-backup FILE``."""
    means = "Write the whole database to a file, while servers work on it."
    writing = add_verb(nouns, "backup", means, backup)
    writing.add_argument("file", metavar="FILE", type=Path, help="a file that is not there yet")
    means = "Bring a backup into an empty database."
    reading = add_verb(nouns, "restore-backup", means, restore_backup)
    reading.add_argument("file", metavar="FILE", type=Path)


async def backup(args: Namespace, ports: Ports) -> Answer:
    """``backup FILE``."""
    size = await ports.vault.write_backup(args.file)
    data = {"file": str(args.file), "bytes": size}
    return Answer(data, (f"wrote {size} bytes to {args.file}",))


async def restore_backup(args: Namespace, ports: Ports) -> Answer:
    """``restore-backup FILE``."""
    await ports.vault.read_backup(args.file)
    findings = await ports.verify(None)
    verdict = f"problems found: {len(findings)}; see fsck" if findings else "no problems found"
    data = {"file": str(args.file), "problems": len(findings)}
    return Answer(data, (f"restored {args.file}", verdict), exit_code=1 if findings else 0)
