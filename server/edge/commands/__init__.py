"""The nouns of the command line: one module each. See :mod:`server.edge.commands.parser`."""
