"""The service with one thing changed: it keeps no answer, so that each is computed as after a change."""

from __future__ import annotations

from app import main
from app.api.edge import Edge
from app.services.aggregates import Answers
from app.services.parts import Parts


def create_app() -> Edge:
    """The application over the same database, with room for no answer."""
    app = main.create_app()
    app.state.aggregates = Answers(most=0, large=Parts())
    return app
