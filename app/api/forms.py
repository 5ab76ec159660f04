"""`/forms`: form versions as published, as data and as JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from app.api.answers import DryRun, json_answer, json_response, read, write
from app.api.body import json_body
from app.api.documented import answers
from app.api.examples import FORM
from app.api.schemas.shapes import FormCode, FormNumber
from app.api.schemas.views import FormIn, FormList, FormOut, FormPublished, FormSchema
from app.db import Row, Session
from app.domain.form import FormVersion
from app.domain.form_schema import json_schema
from app.domain.permission import Action, Actor
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


@router.post("", status_code=201, responses=answers(FormPublished, 201, 200, 403, 409, 413, 415, 422))
async def publish_form(
    request: Request, body: Annotated[FormIn, json_body(FormIn, examples=FORM)], dry_run: DryRun = False
) -> Response:
    """Publish a version. It is immutable from then on, and valid from the period it names.

    Every defect of the definition is refused at once. With `dry_run` the definition is only checked.
    """
    return await write(
        request, forms.publish, _published, body=body.definition, dry_run=dry_run, definition=body.definition
    )


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
