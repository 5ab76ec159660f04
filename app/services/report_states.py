"""What happens to a report after it was filed: withdrawn, accepted, returned, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from app.db import Row, Session, prepared
from app.domain.content import ReportContent, stored_content
from app.domain.permission import Actor
from app.domain.period import Period
from app.domain.workflow import Move, Status
from app.errors import Conflict, NotFound, Text, VersionConflict
from app.models import Report
from app.services import audit, checking, events, figures, forms, report_queries, reports, units
