"""`/forms`: form versions as published, as data and as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import DryRun, json_answer, json_response, read, write
from app.api.body import json_tree
from app.api.documented import answers
from app.api.examples import FORM
from app.api.findings import finding, only_code
from app.api.schemas.shapes import FormCode, FormNumber
from app.api.schemas.views import FormDiff, FormIn, FormList, FormOut, FormPublished, FormSchema
from app.api.strict_json import Loaded, Unusable
from app.db import Row, Session
from app.domain.canonical import canonical
from app.domain.form import FormVersion
from app.domain.form_diff import diff
from app.domain.form_schema import json_schema
from app.domain.permission import Action, Actor
from app.domain.pointer import pointer
from app.errors import Finding, Invalid
from app.services import forms
from app.services.idempotency import Answer

router = APIRouter(prefix="/api/v1/forms", tags=["forms"])


@router.get("", responses=answers(FormList, 200))
async def list_forms(request: Request) -> Response:
    """Every published version, by code and version."""
    rows = await read(request, _list)
    return json_response({"items": [_row(row) for row in rows]})


@router.get("/{code}/{version}", responses=answers(FormOut, 200, 404, 422))
async def get_form(request: Request, code: FormCode, version: FormNumber) -> Response:
    """One version, whole: indicators with their explanations, ratios, items, activities, deadlines, rules."""
    form = await read(request, _get, code=code, version=version)
    return json_response({"form": form.id, **form.as_json()})


@router.get("/{code}/{version}/schema", responses=answers(FormSchema, 200, 404, 422))
async def get_form_schema(request: Request, code: FormCode, version: FormNumber) -> Response:
    """The JSON Schema (2020-12) of a report under this version: what `POST /reports` takes."""
    return json_response(json_schema(await read(request, _get, code=code, version=version)))


@router.get("/{code}/{version}/diff", responses=answers(FormDiff, 200, 404, 422))
async def get_form_diff(
    request: Request,
    code: FormCode,
    version: FormNumber,
    first: Annotated[int, Query(alias="from", ge=1, le=9999, description="the earlier version")],
) -> Response:
    """What changed since an earlier version, and which series it breaks.

    A series that ends is null afterwards, never 0; one whose definition, kind or authority changed goes on, and
    its values before and after must not be compared.
    """
    old = await read(request, _get, code=code, version=first)
    new = await read(request, _get, code=code, version=version)
    return json_response({"from": old.id, "to": new.id, "changes": [c.as_json() for c in diff(old, new)]})


@router.post("", status_code=201, responses=answers(FormPublished, 201, 200, 403, 409, 413, 415, 422))
async def publish_form(
    request: Request, body: Annotated[Loaded, json_tree(FormIn, examples=FORM)], dry_run: DryRun = False
) -> Response:
    """Publish a version. It is immutable from then on, and valid from the period it names.

    The body is a definition as `GET /forms/{code}/{version}` shows it, or `{"definition": "…"}` with the same in
    TOML. Every defect is refused at once. With `dry_run` the definition is only checked.
    """
    definition = definition_of(body)
    return await write(
        request, forms.publish, _published, body=definition, dry_run=dry_run, definition=definition
    )


def definition_of(body: Loaded) -> str:
    """The text to publish: TOML as it was sent, or the JSON in its canonical form. Raises Invalid."""
    text = body.value.get("definition")
    found = [*body.findings, *(_of_text(body) if "definition" in body.value else ())]
    if found:
        raise Invalid(code=only_code(found), findings=found)
    if text is not None:
        return str(text)
    return canonical({name: value for name, value in body.value.items() if name != "form"}).decode()


def _of_text(body: Loaded) -> Iterator[Finding]:
    """What is wrong with a definition as text; one whose characters were refused already stands as `Unusable`."""
    yield from (finding("unknown-field", pointer(name)) for name in body.value if name != "definition")
    text = body.value["definition"]
    is_toml = isinstance(text, str) and text.strip() != "" and not text.startswith("{")
    if not is_toml and not isinstance(text, Unusable):
        yield finding("wrong-type", "/definition")


def _published(form: FormVersion, committed: bool) -> Answer:
    body = {"form": form.id, "valid_from": str(form.valid_from), "committed": committed}
    return json_answer(body, 201, {"Location": f"/api/v1/forms/{form.id}"} if committed else {})


def _row(row: Row) -> dict[str, Any]:
    return {"form": f"{row['code']}/{row['version']}", **row}


def _list(session: Session, *, by: Actor) -> list[Row]:
    by.check_role(Action.READ_FORMS)
    return forms.listed(session)


def _get(session: Session, *, by: Actor, code: str, version: int) -> FormVersion:
    by.check_role(Action.READ_FORMS)
    return forms.get(session, code, version)
