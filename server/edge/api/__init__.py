"""The JSON API under ``/api/v1``: one FastAPI application made of routers.

What lives here: requests and answers as pydantic models, and the way from one to the
other. What does not: rules (rooms, store and ``server.edge``'s own modules keep them) and
SQL. A handler asks for what it needs, calls one thing below, and answers a model.

How to add a resource:

1. One module, one noun (``nodes.py``): models, then ``routes()``, which makes a ``Router``
   (``server.edge.api.guarded``) with a tag, then the handlers. List it in
   ``server.edge.api.application.RESOURCES``.
2. Who is asking: a parameter ``caller: KnownCaller`` (any credential; one that may write, for
   unsafe methods), ``AccountOwner`` (scope ``admin``), ``LoggedIn`` (a session), or
   ``access: ReadAccess | WriteAccess | AdminAccess`` on a path with ``{project_id}``: 401,
   404 for strangers and 403 for those who may see but not do are answered before the handler
   runs. Of a large body, ask again at its end (``Access.asked_again``).
3. What it stands on: ``services: KnownServices``. A new port is a new field of ``Services``,
   filled in ``server.main`` and in ``tests/server/edge/api/house.py``.
4. Errors: raise a leaf of the error tree. The ladder in ``server.edge.problems`` makes the
   problem+json; ``refusals(404, 409)`` documents which may happen. 401, 403, 422, 429, 500 and
   503 are documented for every operation.
5. Changes of one resource: ``ETag`` is ``etag_of`` its representation, ``If-Match`` is a
   parameter ``expected: IfMatch``, to be compared where the change is made.

6. Who gets what: a row in the table of docs/SPEC.md and, where the route needs a body or names
   besides ``{project_id}``, a sample in ``tests/server/edge/api/samples.py``. Then
   ``make api-types``.

``Idempotency-Key`` works on every POST without the handler knowing
(``server.edge.api.idempotency``), lists go on by a cursor (``server.edge.api.pages``).

Models refuse unknown fields (``Input``) and are documented with examples; the OpenAPI that
is served is generated from them and nothing else.
"""
