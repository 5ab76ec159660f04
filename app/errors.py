"""One error family: findings about data are values, refused actions are problems (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple


class Text(NamedTuple):
    """A sentence for people, in Chinese and in English."""

    zh: str
    en: str


class Severity(StrEnum):
    """How much a finding weighs: 强制性审核, 核实性审核, 提示 (domain.md section 2)."""

    ERROR = "error"
    """Blocks the submission."""
    WARNING = "warning"
    """Needs an explanation of five characters or more."""
    INFO = "info"
    """Is shown, and asks for nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a body, at an RFC 6901 pointer.

    `rule` is the rule's number (R04) or, for the shape of a body, the same word as `code`.
    `values` holds only numbers and codes that the form itself defines, never free text that was sent.
    """

    rule: str
    code: str
    severity: Severity
    pointer: str
    message: Text
    values: Mapping[str, int | str | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The finding as the HTTP contract writes it."""
        return {
            "rule": self.rule,
            "code": self.code,
            "severity": self.severity.value,
            "pointer": self.pointer,
            "message": {"zh": self.message.zh, "en": self.message.en},
            "values": dict(self.values),
        }


class Problem(Exception):
    """A refused action. Its body is `application/problem+json`; it never echoes an input value.

    `code` is the slug of `/problems/<code>` and stable; `members` are extension members of the body.
    """

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal"
    default_title: ClassVar[Text] = Text("服务内部错误，请稍后重试", "Internal error, please try again later")

    def __init__(
        self,
        title: Text | None = None,
        *,
        code: str | None = None,
        findings: Sequence[Finding] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.title = title or self.default_title
        self.code = code or self.default_code
        self.findings = tuple(findings)
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(f"{self.status} {self.code}")

    def as_json(self) -> dict[str, Any]:
        """The body, without the request's id, which only the edge knows."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": self.title.en,
            "title_zh": self.title.zh,
            "status": self.status,
            "code": self.code,
            **self.members,
        }
        if self.findings:
            body["errors"] = [{"pointer": f.pointer, "code": f.code} for f in self.findings]
            body["findings"] = [f.as_json() for f in self.findings]
        return body


class Malformed(Problem):
    """The request cannot be read at all."""

    status = 400
    default_code = "bad-request"
    default_title = Text("请求格式无法识别", "The request cannot be read")


class Unauthenticated(Problem):
    """Nobody is known to be asking."""

    status = 401
    default_code = "unauthenticated"
    default_title = Text("请先登录或提供有效令牌", "Sign in or send a valid token")


class Forbidden(Problem):
    """The caller is known, sees the thing, and may not do this to it."""

    status = 403
    default_code = "forbidden"
    default_title = Text("无权进行此操作", "Your role does not allow this action")


class NotFound(Problem):
    """There is no such thing, or it lies outside the caller's units: both read alike."""

    status = 404
    default_code = "not-found"
    default_title = Text("未找到", "Not found")


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    status = 405
    default_code = "method-not-allowed"
    default_title = Text("该地址不支持此方法", "This path does not support the method")


class NotAcceptable(Problem):
    """None of the media types asked for can be made."""

    status = 406
    default_code = "not-acceptable"
    default_title = Text("不支持所请求的格式", "None of the requested formats is available")


class Conflict(Problem):
    """The thing is not in a state that allows this, or exists already."""

    status = 409
    default_code = "conflict"
    default_title = Text("当前状态不允许此操作", "The current state does not allow this action")


class VersionConflict(Problem):
    """Somebody else changed it since the caller last read it."""

    status = 412
    default_code = "version-conflict"
    default_title = Text("内容已被他人修改，请刷新后重试", "It was changed since you read it; read it again")


class TooLarge(Problem):
    """More bytes than this path takes."""

    status = 413
    default_code = "content-too-large"
    default_title = Text("内容超过大小限制", "The content exceeds the size limit")


class UnsupportedMedia(Problem):
    """The body is of a kind that this path does not take."""

    status = 415
    default_code = "unsupported-media-type"
    default_title = Text("不支持的内容类型", "Unsupported media type")


class Invalid(Problem):
    """The body can be read and is wrong; every finding comes along."""

    status = 422
    default_code = "invalid"
    default_title = Text("内容未通过审核，请按提示逐项修改", "The content was refused; see every finding")


class PreconditionRequired(Problem):
    """An update that must say which version it updates."""

    status = 428
    default_code = "precondition-required"
    default_title = Text("更新时须提供 If-Match", "An update must carry If-Match")


class TooMany(Problem):
    """This caller asks more often than it may."""

    status = 429
    default_code = "too-many-requests"
    default_title = Text("请求过于频繁，请稍后重试", "Too many requests, try again later")


class Unavailable(Problem):
    """The service or a part it needs cannot answer now."""

    status = 503
    default_code = "unavailable"
    default_title = Text("服务暂不可用，请稍后重试", "The service is unavailable, try again later")


class OutOfSpace(Problem):
    """There is no room left for what was sent; nothing of it was kept."""

    status = 507
    default_code = "storage-full"
    default_title = Text(
        "存储空间不足，材料未保存，请联系系统管理员",
        "The storage is full and nothing was kept; tell the administrator",
    )


def merge(*sources: Sequence[Finding]) -> list[Finding]:
    """Findings of several checks, in order; at one place the earlier check's word stands for the later ones'."""
    merged: list[Finding] = []
    for source in filter(None, sources):
        places = {found.pointer for found in merged}
        merged += [found for found in source if found.pointer not in places]
    return merged
