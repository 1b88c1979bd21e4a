"""Entity tags over a resource's own representation (RFC 9110, 8.8.3 and 13.1.1).

So a change elsewhere in the document never makes a write fail. What does not live here:
comparing in the moment of the change, which is for whoever makes it.
"""

import hashlib
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from server.protocol.errors import Stale

TAG_BYTES = 12


def etag_of(resource: BaseModel) -> str:
    """The strong tag of what a client was shown."""
    body = resource.model_dump_json(exclude={"seq"}).encode()
    return f'"{hashlib.sha256(body).hexdigest()[: 2 * TAG_BYTES]}"'


def require_match(expected: str | None, resource: BaseModel) -> None:
    """Raise ``Stale`` unless ``expected``, an If-Match header, names this representation."""
    if expected is None or expected.strip() == "*":
        return
    if etag_of(resource) not in {tag.strip() for tag in expected.split(",")}:
        raise Stale("this has changed since you read it: read it again")


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="Change it only if it is still as it was when this `ETag` was read; else 412.",
    ),
]
"""A handler's parameter."""
