"""`/units`: the register of who reports, to whom, and what the region counts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from app.api.answers import json_response, page_of, read
from app.api.documented import answers
from app.api.paging import Cursor, Limit, decode_cursor
from app.api.schemas.shapes import UnitInPath
from app.api.schemas.views import UnitOut, UnitPage
from app.db import Row, Session
from app.domain.permission import Action, Actor
from app.services import units

router = APIRouter(prefix="/api/v1/units", tags=["register"])

Level = Literal["centre", "province", "prefecture", "county", "township"]


@router.get("", responses=answers(UnitPage, 200, 404, 422))
async def list_units(
    request: Request,
    parent: Annotated[
        str | None, Query(pattern="^([0-9]{6}|[0-9]{9})$", description="reporting parent")
    ] = None,
    level: Annotated[Level | None, Query()] = None,
    q: Annotated[
        str | None, Query(max_length=40, description="the beginning of a code or part of a name")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """The units within the caller's reach, by code."""
    (after,) = decode_cursor(cursor, (str,)) or ("",)
    rows = await read(request, _list, parent=parent, level=level, query=q, after=after, limit=limit + 1)
    return json_response(page_of([unit_json(row) for row in rows], limit, "code"))


@router.get("/{code}", responses=answers(UnitOut, 200, 404, 422))
async def get_unit(request: Request, code: UnitInPath) -> Response:
    """One unit. A unit out of the caller's reach reads as absent."""
    return json_response(unit_json(await read(request, _get, code=code)))


def unit_json(row: Row) -> dict[str, Any]:
    """A unit as the contract writes it: without the path that only the service uses."""
    return {name: value for name, value in row.items() if name != "report_path"}


def _list(session: Session, *, by: Actor, **filters: Any) -> list[Row]:
    by.check_role(Action.READ_REGISTER)
    return units.listed(session, paths=by.reach(Action.READ_REGISTER), **filters)


def _get(session: Session, *, by: Actor, code: str) -> Row:
    row = units.get(session, code)
    by.check(Action.READ_REGISTER, row["report_path"])
    return row
