"""The floor for POST: FastAPI and SQLModel as their tutorials teach them, one report stored per request.

Nothing is slowed down on purpose and nothing is tuned: a session per request, a sync endpoint, add, commit,
refresh, a response model. Only the database is made as durable as the service's own (WAL and a full sync).

    DATABASE_URL=sqlite:///floor.sqlite3 uvicorn bench.tutorial_sqlmodel:app --no-access-log
    DATABASE_URL=postgresql+psycopg://user@/database uvicorn bench.tutorial_sqlmodel:app --no-access-log
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine


class ReportBase(SQLModel):
    unit: str = Field(index=True)
    period: str = Field(index=True)
    contact_name: str
    contact_phone: str
    prefectures_mobilized: int = Field(ge=0)
    counties_agri_total: int = Field(ge=0)
    counties_mobilized: int = Field(ge=0)
    county_work_committees: int = Field(ge=0)
    townships_total: int = Field(ge=0)
    townships_mobilized: int = Field(ge=0)
    members_added: int = Field(ge=0)
    members_left: int = Field(ge=0)
    members_total: int = Field(ge=0)
    townships_funded_20k: int = Field(ge=0)
    orgs_new: int = Field(ge=0)
    orgs_dissolved: int = Field(ge=0)
    orgs_rectified: int = Field(ge=0)
    orgs_total: int = Field(ge=0)
    wechat_groups: int = Field(ge=0)


class Report(ReportBase, table=True):
    id: int | None = Field(default=None, primary_key=True)


class ReportCreate(ReportBase):
    pass


class ReportPublic(ReportBase):
    id: int


database_url = os.environ.get("DATABASE_URL", "sqlite:///tutorial.sqlite3")
is_sqlite = database_url.startswith("sqlite")
engine = create_engine(database_url, connect_args={"check_same_thread": False} if is_sqlite else {})

if is_sqlite:

    @event.listens_for(engine, "connect")
    def make_durable(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    SQLModel.metadata.create_all(engine)
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/ready")
def ready() -> dict[str, bool]:
    return {"ready": True}


@app.post("/reports/", response_model=ReportPublic, status_code=201)
def create_report(report: ReportCreate, session: SessionDep) -> Report:
    stored = Report.model_validate(report)
    session.add(stored)
    session.commit()
    session.refresh(stored)
    return stored
