"""The description of the API (OpenAPI 3.1), made from the same table as its routes."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from precursor.api.collection import Act, Collection, Listing
from precursor.api.doing import ROOT
from precursor.api.views import PAGING, filters_of
from precursor.core.access import GRANTS, Action, Condition
from precursor.core.members import Member
from precursor.rules.law import Words

_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": ["string", "null"]},
        "violations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["rule", "message", "source"],
                "properties": {name: {"type": "string"} for name in ("rule", "message", "zh", "en", "source")},
            },
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
#: status: when it is given. Every operation may answer with the first ones, those that write with all.
_ALWAYS: Final = {
    400: "cannot be read",
    401: "nobody is signed in, or the token is not good",
    403: "the role, or the token, has no such grant",
    404: "there is no such record, or none that the caller may know of",
    422: "read, and wrong: every fault with its pointer",
    429: "too many calls",
    503: "what must be written cannot be written now",
}
_WRITING: Final = {
    409: "a rule of the law, or the state of the register, forbids it",
    412: "the record has changed since it was read",
    413: "too large",
    428: "a change names the version that it was made on",
}


def _shape_of(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    """What apispec cannot know: the shape of our own members."""
    if not isinstance(field, Member):
        return {}
    shape = field.shape()
    if field.allow_none:
        shape["type"] = [shape["type"], "null"]
        if "enum" in shape:
            shape["enum"] = [*shape["enum"], None]
    return shape | ({"description": field.note} if field.note else {})


def document(collections: Iterable[Collection], listings: Iterable[Listing]) -> dict[str, Any]:
    """The whole description."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: getattr(schema, "__name__", type(schema).__name__))
    spec = APISpec(
        title="Precursor",
        version="1",
        openapi_version="3.1.1",
        plugins=[plugin],
        info={"description": "易制毒化学品与管制药品:登记、总账、证件、核销 / register, ledger, documents, figures."},
        servers=[{"url": "/"}],
        security=[{"token": []}, {"session": []}],
    )
    plugin.converter.add_attribute_function(_shape_of)  # type: ignore[union-attr]
    spec.components.schema("Problem", _PROBLEM)
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("session", {"type": "apiKey", "in": "cookie", "name": "session"})
    for path, method, operation in _operations(collections, listings):
        spec.path(path, operations={method: operation})
    return spec.to_dict()


def _operations(
    collections: Iterable[Collection], listings: Iterable[Listing]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for collection in collections:
        path = f"{ROOT}/{collection.path}"
        known = {**PAGING, **filters_of(collection)}
        listed = {"type": "array", "items": collection.answer}
        yield (
            path,
            "get",
            _operation(collection.list, collection.summary, listed, parameters=_in_query(known), tag=collection.path),
        )
        one = collection.detail or collection.answer
        yield (
            f"{path}/{{id}}",
            "get",
            _operation(collection.read, collection.summary, one, parameters=[_ID], tag=collection.path),
        )
        for act in collection.acts:
            yield (path + act.at).replace("<id>", "{id}"), act.method.lower(), _written(collection, act, one)
    for listing in listings:
        yield (
            f"{ROOT}/{listing.path}",
            "get",
            _operation(
                listing.action,
                listing.summary,
                dict(listing.schema),
                parameters=_in_query(listing.parameters),
                tag="reports",
            ),
        )


_ID: Final = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "the same key, the same answer; a token's writes must carry one",
}
_MATCH: Final = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}


def _in_query(known: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": member.required,
            "schema": member.shape(),
            "description": member.note or name,
        }
        for name, member in known.items()
    ]


def _written(collection: Collection, act: Act, answer: Any) -> dict[str, Any]:
    parameters = [_KEY] + ([_ID, _MATCH] if act.is_of_one else [])
    made = _operation(
        act.action, act.summary, answer, parameters=parameters, tag=collection.path, created=act.method == "POST"
    )
    made["requestBody"] = {"required": True, "content": {"application/json": {"schema": act.form}}}
    made["responses"] |= _problems(_WRITING)
    return made


def _problems(statuses: dict[int, str]) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": "Problem"}}
    return {str(status): {"description": words, "content": content} for status, words in statuses.items()}


def _operation(
    action: Action,
    summary: Words,
    schema: Any,
    *,
    parameters: list[dict[str, Any]],
    tag: str,
    created: bool = False,
) -> dict[str, Any]:
    grants = GRANTS[action]
    needs = sorted({str(c) for grant in grants.values() for c in grant.conditions} - {str(Condition.C11)})
    who = ", ".join(f"{role} ({grant.reach})" for role, grant in grants.items())
    done = {"description": summary.en, "content": {"application/json": {"schema": schema}}}
    return {
        "tags": [tag.split("/", maxsplit=1)[0]],
        "summary": f"{summary.zh} / {summary.en}",
        "description": f"Action `{action}`: {who}." + (f" Conditions: {', '.join(needs)}." if needs else ""),
        "parameters": parameters,
        "responses": {"201" if created else "200": done} | _problems(_ALWAYS),
    }
