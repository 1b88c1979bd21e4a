"""What schemathesis must know of us that no schema can say. Loaded by its command."""

import re
from typing import Any
from uuid import uuid4

import schemathesis

from server.edge.api.idempotency import KEY_PATTERN

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """A key names one request: a generator that uses a valid one twice, for two, would be
    refused, and rightly (draft-ietf-httpapi-idempotency-key-header)."""
    headers = case.headers or {}
    if re.fullmatch(KEY_PATTERN, str(headers.get(KEY, ""))):
        case.headers[KEY] = uuid4().hex
