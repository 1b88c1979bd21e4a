"""What all bodies have in common, and the form of errors.

What does not live here: any resource.
"""

from pydantic import BaseModel, ConfigDict, Field


class Input(BaseModel):
    """A request's body: unknown fields are refused, since a misspelt one would be lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


class FieldError(Output):
    """One field that cannot be accepted."""

    path: str = Field(description="JSON pointer into the request.", examples=["/body/label"])
    expected: str = Field(examples=["String should have at least 1 character"])


class Problem(Output):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:8gentc:problem:not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str | None = Field(None, examples=["there is no such project"])
    request_id: str | None = Field(None, description="Names this request in the server's log.")
    errors: list[FieldError] | None = Field(None, description="Field by field, where it applies.")


class Revision(Input):
    """A text that was rewritten, and the text that it was made of: what differs between the
    two is done to the text as it is now, so that what others have typed meanwhile stays."""

    base: str
    text: str


class Written(Output):
    """An edit that is committed."""

    seq: int = Field(description="A position in the document's log that contains the edit.")
