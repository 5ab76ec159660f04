"""`/health`: whether the process runs, and whether it can do its work."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Request, Response

from app.api.answers import database_of, json_response
from app.api.edge import Edge
from app.api.schemas.shapes import HealthOut
from app.errors import Unavailable
from app.models.migrate import head
from app.services import health

expected_revision = cache(head)
"""Read from the migrations once: load balancers ask every second."""

router = APIRouter(tags=["health"])


@router.get("/health/live", responses={200: {"model": HealthOut, "description": "The process answers"}})
async def live(request: Request) -> Response:
    """The process answers; nothing else is looked at."""
    return json_response({"status": "ok"})


@router.get("/health/ready", responses={200: {"model": HealthOut, "description": "Ready"}})
async def ready(request: Request) -> Response:
    """The database answers and has the schema of this release. 503 while it does not."""
    revision = await database_of(request).read(health.schema_revision)
    if revision != expected_revision():
        raise Unavailable(headers={"Retry-After": "5"})
    return json_response({"status": "ok", "schema": revision})


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Requests by route and status, and how long they took, for Prometheus; of this worker process."""
    edge: Edge = request.app
    return edge.metrics.response()
