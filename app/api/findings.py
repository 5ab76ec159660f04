"""What the edge can find wrong with a request, by code, with the sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.errors import Finding, Invalid, Problem, Severity, Text

MESSAGES: dict[str, Text] = {
    "malformed-json": Text("不是合法的 JSON，请检查此处的语法", "Not valid JSON; check the syntax here"),
    "json-too-deep": Text("JSON 嵌套超过 32 层", "The JSON is nested more than 32 levels deep"),
    "duplicate-member": Text(
        "同一对象中有重名成员，请只保留一个", "A member occurs twice in this object; keep one"
    ),
    "number-not-finite": Text(
        "须为有限数，不能填 NaN 或无穷大", "A finite number is needed, not NaN or Infinity"
    ),
    "number-out-of-range": Text("数值超出允许范围", "The number is outside the allowed range"),
    "too-precise": Text("小数位数超过允许值", "The number has more decimals than allowed"),
    "invalid-text": Text(
        "文字或成员名中有不可见的控制字符，请删除后重新录入",
        "The text or a member's name holds invisible control characters; retype it",
    ),
    "invalid-filename": Text(
        "文件名中有路径或不可见字符，请改名后重试",
        "The file name holds folders or invisible characters; rename it and try again",
    ),
    "wrong-type": Text("值的类型不对（例如应为数字而填了文字）", "The value has the wrong JSON type"),
    "unknown-field": Text("没有这个字段，请删除", "There is no such field; remove it"),
    "missing-field": Text("缺少必填字段", "A required field is missing"),
    "text-too-long": Text("文字超过长度限制", "The text is too long"),
    "text-too-short": Text("文字太短", "The text is too short"),
    "too-many-items": Text("项数超过限制", "There are too many items"),
    "too-few-items": Text("项数不足", "There are too few items"),
    "invalid-format": Text("格式不对，请对照说明填写", "The value does not have the documented format"),
    "invalid-date": Text(
        "日期或时间格式不对，应为 2015-04-10 或带时区的时间",
        "Not a date such as 2015-04-10, or not a time with an offset",
    ),
    "unknown-value": Text("不在允许的取值之内", "Not one of the values allowed"),
    "invalid-value": Text("值不符合要求", "The value is not acceptable"),
    "period-invalid": Text("期别应为年-月，例如 2015-04", "A period is year-month, such as 2015-04"),
    "limit-out-of-range": Text("每页条数应为 1 到 1000", "The page size must be from 1 to 1000"),
    "unknown-sort": Text("不支持按此字段排序", "Sorting by this key is not supported"),
    "cursor-invalid": Text(
        "翻页标记无效，请从第一页重新开始", "The cursor is not valid; start again from the first page"
    ),
    "unknown-parameter": Text("没有这个查询参数，请删除", "There is no such query parameter; remove it"),
    "repeated-parameter": Text("同一查询参数只能出现一次", "This query parameter may be given only once"),
}


MAX_FINDINGS = 1000
"""More than any real body has; a body made of faults must not make us write an answer many times its size."""


def finding(code: str, pointer: str, **values: int | str | None) -> Finding:
    """An error about the shape of a request; `code` is a key of MESSAGES, `pointer` is RFC 6901."""
    return Finding(code, code, Severity.ERROR, pointer, MESSAGES[code], values)


def only_code(findings: Iterable[Finding]) -> str:
    """The problem's code: the findings' own when they agree, `invalid` when they do not."""
    codes = {found.code for found in findings}
    return codes.pop() if len(codes) == 1 else "invalid"


def refusal(findings: Sequence[Finding], family: type[Problem] = Invalid) -> Problem:
    """The problem with these findings; beyond MAX_FINDINGS it says `truncated` and keeps the first."""
    kept = findings[:MAX_FINDINGS]
    members: dict[str, Any] = {"truncated": True} if len(findings) > MAX_FINDINGS else {}
    return family(code=only_code(kept), findings=kept, **members)
