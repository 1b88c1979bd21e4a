"""``8gentc serve``: its options. What it does is wiring, and lives in ``server.main``."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter

from server.edge.commands.kit import Verbs, add_common_options
from server.edge.settings import table

MEANS = "Run the server."


def register(nouns: Verbs) -> None:
    """``serve``. It sets no handler: that is how ``server.main`` knows it."""
    parser = nouns.add_parser("serve", help=MEANS, description=MEANS)
    parser.set_defaults(handler=None)
    add_common_options(parser)
    parser.add_argument("--host", metavar="H", help="address to listen on")
    parser.add_argument("--port", metavar="N", help="port to listen on")
    parser.add_argument(
        "--first-run",
        action="store_true",
        help="if there are no accounts yet, make an admin and a project, and print, once, "
        "how to connect",
    )
    _describe_settings(parser)


def _describe_settings(parser: ArgumentParser) -> None:
    parser.formatter_class = RawDescriptionHelpFormatter
    rows = [f"  {row.name}\n      {row.means} [{row.default or 'not set'}]" for row in table()]
    parser.epilog = "environment:\n" + "\n".join(rows).replace("%", "%%")
