"""Write docs/workflow.md from the table of a report's life."""

from __future__ import annotations

from pathlib import Path

from app.domain.workflow import NAMES, TRANSITIONS, Need, Status

TARGET = Path(__file__).parent.parent / "docs" / "workflow.md"

NEEDS = {
    Need.OPEN: "period open or reopened (未关闭)",
    Need.CLOSED: "period closed (已关闭)",
    Need.OTHER_HANDS: "not one's own report (回避)",
    Need.REASONS: "reasons (理由)",
    Need.EXPIRY: "an end (期限)",
}

HEAD = """# The life of a report (报表流转)

Written by `python -m scripts.write_workflow` from `app/domain/workflow.py`: change the table there, never this page.
Every answer about a report tells in `allowed` which of these steps its reader can take now, and why not the others.

```mermaid
stateDiagram-v2
"""


def page() -> str:
    """The whole page."""
    states = [f'    state "{NAMES[status].zh} {status.value}" as {status.value}' for status in Status]
    arrows = [f"    {line.source.value} --> {line.target.value}: {line.step.value}" for line in TRANSITIONS]
    start = f"    [*] --> {Status.ABSENT.value}"
    rows = [
        f"| {line.source.value} | {line.step.value} | {line.target.value} | `{line.action.value}` "
        f"| {', '.join(NEEDS[need] for need in Need if need in line.needs)} |"
        for line in TRANSITIONS
    ]
    table = ["| from | step | to | permission | needs |", "|---|---|---|---|---|", *rows]
    return HEAD + "\n".join([*states, start, *arrows, "```", "", *table, ""])


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
