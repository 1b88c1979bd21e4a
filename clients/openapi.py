"""Prints the API's OpenAPI document: what ``/api/v1/openapi.json`` serves.

From the code, without a server: ``python -m clients.openapi``. Types for clients are made
from it (``make api-types``).
"""

import json
import sys
from typing import Any

from server.edge.api.application import build_api


def document() -> str:
    """The document, as JSON."""
    nobody_asks: Any = None
    return json.dumps(build_api(nobody_asks).openapi(), indent=1, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(document() + "\n")
