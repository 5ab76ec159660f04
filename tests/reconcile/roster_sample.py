"""Rosters of the invented province."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.reconcile import Roster, RosterKind, Window, read_roster
from app.reconcile.engine import Engine
from tests.reconcile.sample import UNITS

MEMBERS_ZH = "委员编号,乡镇代码,乡镇名称,姓名,职务,专兼职,来源类别,任职日期,退出日期,退出原因,更新时间"
MEMBERS_EN = (
    "member_id,township_code,township_name,name,role,full_time,source_type,"
    "start_date,end_date,end_reason,updated_at"
)
ORGS_EN = (
    "org_id,township_code,township_name,org_name,org_type,founded_on,dissolved_on,dissolve_reason,rectified_on,"
    "member_count,youth_count,wechat_groups,updated_at"
)
ORGS_ZH = (
    "团组织编号,乡镇代码,乡镇名称,直属团组织名称,类型,成立日期,撤销日期,撤销原因,整顿日期,"
    "团员数,联系青年数,微信群数量,更新时间"
)
SECRETARY = "M0001,999901101,示例一镇,示例甲,书记,专职,党政干部,2013-11-02,,,2015-04-24"
FARMER = "M0002,999901101,示例一镇,示例乙,委员,兼职,致富带头人,2015-04-10,2015-04-20,工作调动,2015-04-21"
TEACHER = "M0003,999806101,示例三镇,示例丙,委员,兼职,教师,2015-03-01,,,2015-04-21"
FRUIT = "D0001,999901101,示例一镇,示例果蔬合作社团支部,农村合作组织,2013-01-15,,,2015-04-09,6,40,1,2015-04-22"
STREET = "D0002,999901101,示例一镇,示例商业街团支部,行业,2015-04-02,,,,4,25,2,2015-04-22"
APRIL = Window(date(2015, 2, 28), date(2015, 4, 25))
MAY = Window(date(2015, 4, 25), date(2015, 5, 25))
TODAY = date(2015, 6, 1)


def members(*rows: str, header: str = MEMBERS_EN) -> str:
    """A roster of members."""
    return "\n".join([header, *rows]) + "\n"


def orgs(*rows: str, header: str = ORGS_EN) -> str:
    """A roster of organizations."""
    return "\n".join([header, *rows]) + "\n"


def read(engine: Engine, folder: Path, text: str | bytes, kind: str = "members", **options: object) -> Roster:
    """A roster of these lines, read as the invented province's."""
    path = folder / f"{kind}.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(path, RosterKind(kind), UNITS, engine=engine, today=TODAY, **options)  # type: ignore[arg-type]


def found(roster: Roster) -> list[tuple[str, int | None, str | None]]:
    """Code, line and column of the findings."""
    return [(f.code, f.line, f.column) for f in roster.findings]
