"""A project as files: JSON for programs, Markdown and Mermaid for people, Yjs for everything.

The JSON holds the elements that are as they should be, in order; the Yjs update holds all
that the document says. A zip holds all forms. What comes in is bounded, and is either a
whole project or one typed error (L7). Pure: bytes in, bytes out.
"""

from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from server.document.archive import pack, unpack
from server.document.building import Contents, build, require_project
from server.document.markdown import plan_as_markdown
from server.document.mermaid.flowchart import flowchart
from server.document.schema import ProjectView
from server.edge.api.elements import DiagramBody, EdgeBody, NodeBody, ProblemOut, SectionBody
from server.edge.api.models import Input
from server.protocol.errors import Invalid, TooLarge

M = TypeVar("M", bound=BaseModel)

JSON_NAME = "project.json"
YJS_NAME = "document.yjs"
MAX_ELEMENTS = 100_000
"""Of one kind in a JSON file."""
UNTITLED = "Imported project"

Elements = Field(default=(), max_length=MAX_ELEMENTS)


class Format(StrEnum):
    """The forms of a project."""

    JSON = "json"
    YJS = "yjs"
    ZIP = "zip"
    MARKDOWN = "markdown"
    MERMAID = "mermaid"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.YJS: "application/octet-stream",
    Format.ZIP: "application/zip",
    Format.MARKDOWN: "text/markdown",
    Format.MERMAID: "text/vnd.mermaid",
}
SUFFIXES = {
    Format.JSON: "json", Format.YJS: "yjs", Format.ZIP: "zip", Format.MARKDOWN: "md",
    Format.MERMAID: "mmd",
}  # fmt: skip
IMPORTED = (Format.JSON, Format.YJS, Format.ZIP)


class ProjectFile(Input):
    """A project in JSON. Sections are in their order."""

    format: Literal["8gentc-project"] = "8gentc-project"
    version: Literal[1] = 1
    title: Annotated[str, Field(max_length=1000)] = UNTITLED
    nodes: tuple[NodeBody, ...] = Elements
    edges: tuple[EdgeBody, ...] = Elements
    plan: tuple[SectionBody, ...] = Elements
    diagrams: tuple[DiagramBody, ...] = Elements
    problems: tuple[ProblemOut, ...] = Field(
        (), description="What an export has left out. Not read back."
    )


class _Titled(BaseModel):
    title: str = UNTITLED


def write(form: Format, title: str, view: ProjectView, update: bytes) -> bytes:
    """A project in one form; ``update`` is everything that its document says."""
    match form:
        case Format.JSON:
            return _as_json(title, view)
        case Format.YJS:
            return update
        case Format.MARKDOWN:
            return plan_as_markdown(title, view.sections).encode()
        case Format.MERMAID:
            return flowchart(view.nodes, view.edges).encode()
        case Format.ZIP:
            diagrams = {
                f"diagrams/{number}.mmd": diagram.source.encode()
                for number, diagram in enumerate(view.diagrams, 1)
            }
            return pack(
                {
                    JSON_NAME: _as_json(title, view),
                    YJS_NAME: update,
                    "plan.md": write(Format.MARKDOWN, title, view, update),
                    "graph.mmd": write(Format.MERMAID, title, view, update),
                }
                | diagrams
            )


def read(form: Format, data: bytes, client_id: int, max_bytes: int) -> tuple[str, bytes]:
    """The title and the document of a project that somebody brings.

    ``max_bytes`` is what a document may weigh. Raises a ``PeerError``.
    """
    title, update = _read(form, data, client_id, max_bytes)
    if len(update) > max_bytes:
        raise TooLarge(f"the document has {len(update)} bytes and may have {max_bytes}")
    return title, update


def _read(form: Format, data: bytes, client_id: int, max_bytes: int) -> tuple[str, bytes]:
    match form:
        case Format.JSON:
            return _from_json(data, client_id)
        case Format.YJS:
            require_project(data)
            return UNTITLED, data
        case Format.ZIP:
            return _from_zip(data, client_id, max_bytes)
        case _:
            raise Invalid(f"expected one of {', '.join(IMPORTED)}, got {form}")


def _from_zip(data: bytes, client_id: int, max_bytes: int) -> tuple[str, bytes]:
    files = unpack(data, (JSON_NAME, YJS_NAME), max_bytes)
    if YJS_NAME in files:
        require_project(files[YJS_NAME])
        named = _parse(_Titled, files[JSON_NAME]).title if JSON_NAME in files else UNTITLED
        return named, files[YJS_NAME]
    if JSON_NAME in files:
        return _from_json(files[JSON_NAME], client_id)
    raise Invalid(f"expected {YJS_NAME} or {JSON_NAME} in the zip")


def _from_json(data: bytes, client_id: int) -> tuple[str, bytes]:
    file = _parse(ProjectFile, data)
    contents = Contents(
        tuple(node.new() for node in file.nodes),
        tuple(edge.new() for edge in file.edges),
        tuple(section.new() for section in file.plan),
        tuple(diagram.new() for diagram in file.diagrams),
    )
    return file.title, build(client_id, file.title, contents)


def _as_json(title: str, view: ProjectView) -> bytes:
    file = ProjectFile(
        format="8gentc-project",
        version=1,
        title=title,
        nodes=tuple(
            NodeBody(
                id=one.id, label=one.label, kind=one.kind, x=one.x, y=one.y, content=one.content
            )
            for one in view.nodes
        ),
        edges=tuple(
            EdgeBody(id=one.id, source=one.source, target=one.target, label=one.label)
            for one in view.edges
        ),
        plan=tuple(SectionBody(id=one.id, title=one.title, body=one.body) for one in view.sections),
        diagrams=tuple(
            DiagramBody.model_validate(
                {"id": one.id, "title": one.title, "kind": one.kind, "source": one.source}
                | ({"derived_from": one.derived_from} if one.derived_from else {})
            )
            for one in view.diagrams
        ),
        problems=tuple(
            ProblemOut(path=one.path, expected=one.expected, got=one.got) for one in view.problems
        ),
    )
    return file.model_dump_json(exclude_unset=True, indent=1).encode()


def _parse(model: type[M], data: bytes) -> M:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(map(str, first["loc"])) or JSON_NAME
        raise Invalid(f"{where}: {first['msg']}") from None
