# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: RUF001  (Chinese punctuation is meant)
"""All words of lives and their pictures, in both languages: `{name}` stands for a value.

Who corrects one language has the other beside it. Chinese words are those of docs/zh/glossary.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Language(StrEnum):
    """A language that lives are told in."""

    ENGLISH = "en"
    CHINESE = "zh"

    @property
    def tag(self) -> str:
        """Its name for readers of screens and fonts (BCP 47)."""
        return "zh-CN" if self is Language.CHINESE else "en"

    def say(self, phrase: str, **values: object) -> str:
        """Return a phrase of the catalogue, with values in their places."""
        text = CATALOGUE[phrase][0 if self is Language.ENGLISH else 1]
        return text.format(**values)

    def knows(self, phrase: str) -> bool:
        """Return whether the catalogue has a phrase."""
        return phrase in CATALOGUE


CATALOGUE: Final[Mapping[str, tuple[str, str]]] = {
    # How it stands.
    "record": ("record", "记录"),
    "agency": ("agency {number}", "机构 {number}"),
    "standing.none": ("Not on chain", "不在链上"),
    "standing.in_force": ("In force", "有效"),
    "standing.superseded": ("Superseded by another record", "已被另一条记录取代"),
    "standing.revoked": ("Revoked", "已撤销"),
    "standing.disposed": ("Destroyed after its retention", "保存期满，已处置"),
    "standing": (
        "{status}, version {version}, kept by {agency}",
        "{status}，第 {version} 版，由{agency}保管",
    ),
    "standing.on-hold": (", on hold", "，冻结中"),
    "standing.holds": (", under {count} holds", "，{count} 项冻结"),
    "standing.sealed": (
        "In force, version 1, nothing was done to it since, kept by {agency}",
        "有效，第 1 版，此后无任何行为，由{agency}保管",
    ),
    "standing.unsealed": (
        "In force, version 1, not provable yet, kept by {agency}",
        "有效，第 1 版，尚不可证明，由{agency}保管",
    ),
    # What happened.
    "act.registered": ("Registered by {agency}", "由{agency}登记"),
    "act.enrolled": ("Brought on chain from the journal", "由日志上链"),
    "act.amended": ("Changed to version {version}", "修订为第 {version} 版"),
    "act.superseded": ("Superseded by {record}", "被 {record} 取代"),
    "act.revoked": ("Revoked: {reason}", "撤销：{reason}"),
    "act.held": ("Put on hold", "被主管机关冻结"),
    "act.released": ("Released from a hold", "解除冻结"),
    "act.transferred": ("Handed over to {agency}", "移交{agency}"),
    "act.disposed": ("Destroyed", "处置"),
    "entered": ("Entered in the journal of {agency}", "写入{agency}的日志"),
    "taken-over": ("From the registry before", "承接自之前的登记处"),
    "sealed": ("Sealed: provable", "封存：可证明"),
    "reason.unspecified": ("unspecified", "未说明"),
    "reason.error": ("error", "登记有误"),
    "reason.fraud": ("fraud", "欺诈"),
    "reason.ended": ("ended", "已终止"),
    "reason.court": ("court", "法院裁定"),
    "reason.replaced": ("replaced", "已替换"),
    "reason": ("reason {code}", "理由代码 {code}"),
    # The whole of it, for readers of screens.
    "story.entered": (
        "Entered by {agency} as entry {index} of journal {journal}.",
        "由{agency}写入日志 {journal}，条目 {index}。",
    ),
    "story.entered-at": (
        "Entered by {agency} as entry {index} of journal {journal} at {time}, as the agency says.",
        "由{agency}写入日志 {journal}，条目 {index}，时间 {time}（机构自述）。",
    ),
    "story.taken-over": (
        "Taken over at version {version} from the registry before, at {time}.",
        "以第 {version} 版承接自之前的登记处，时间 {time}。",
    ),
    "story.sealed": ("Sealed at {time}.", "封存于 {time}。"),
    "story.act": ("{act} at {time}.", "{act}，{time}。"),
    "story.more": ("{count} more acts.", "另有 {count} 项行为。"),
    "story.share": (
        "Share between {granter} and {requester}: {status}.",
        "{granter}与{requester}之间的共享：{status}。",
    ),
    "story.deliveries": ("Deliveries: {count}.", "交付：{count} 次。"),
    "story.reads": ("Reads written down: {count}.", "记载的查阅：{count} 次。"),
    "story.title": ("{type} {record}. {standing}.", "{type} {record}。{standing}。"),
    # What lasted.
    "lane.content": ("Content", "内容"),
    "lane.custody": ("Kept by", "保管机构"),
    "lane.holds": ("On hold", "冻结"),
    "lane.shares": ("Shared with", "共享给"),
    "lane.deliveries": ("Delivered", "交付"),
    "lane.reads": ("Read", "查阅"),
    "bar.version": ("Version {number}", "第 {number} 版"),
    "bar.version-now": ("Version {number}, in force", "第 {number} 版，有效"),
    "over.superseded": ("Superseded", "已被取代"),
    "over.revoked": ("Revoked", "已撤销"),
    "over.disposed": ("Destroyed", "已处置"),
    "bar.hold": ("by {authority}", "由 {authority} 冻结"),
    "bar.hold-type": ("by {authority}, on all of its type", "由 {authority} 冻结整个类型"),
    "bar.share-denied": ("{agency}: denied", "{agency}：已拒绝"),
    "bar.share-asked": ("{agency}: asked, no answer yet", "{agency}：已申请，尚无答复"),
    "bar.share-ended": ("{agency}, until it was {status}", "{agency}，直至{status}"),
    "bar.share-expired": ("{agency}, until it expired", "{agency}，直至到期"),
    "bar.hint": ("{words}: {since} to {until}", "{words}：{since} 至 {until}"),
    "share.requested": ("requested", "已申请"),
    "share.granted": ("granted", "已授予"),
    "share.denied": ("denied", "已拒绝"),
    "share.revoked": ("revoked", "已撤销"),
    "share.expired": ("expired", "已到期"),
    "share.lapsed": ("lapsed", "已失效"),
    # The picture.
    "picture.title": ("The life of {type} {record}", "{type} {record} 的一生"),
    "picture.as-of": ("as of {time}, block {block}", "截至 {time}，区块 {block}"),
    "picture.acts": ("What happened", "行为"),
    "picture.time": ("Time (UTC)", "时间 (UTC)"),
    "picture.moment": ("{words}, {time}", "{words}，{time}"),
    "picture.delivered": ("Delivered to {agency}, {time}", "交付{agency}，{time}"),
    "picture.received": (
        "Delivered to {agency}, {time}, received {received}",
        "交付{agency}，{time}，签收于 {received}",
    ),
    "picture.read": ("Read, {time}", "查阅，{time}"),
    "picture.later": ("{span} later", "{span}后"),
    "picture.several": ("several acts", "多项行为"),
    "legend.act": ("an act, proven by the chain", "由链证明的行为"),
    "legend.claimed": ("entered; the time is the agency's word", "写入日志；时间为机构自述"),
    "legend.end": ("the end of its being in force", "效力终止"),
    "legend.several": ("several acts, close together", "相近的多项行为"),
    "legend.hold": ("may not be changed or destroyed", "禁止更改和销毁"),
    "legend.asked": ("asked for, not granted", "已申请，未授予"),
    "legend.delivery": ("delivered, no receipt yet", "已交付，尚无回执"),
    "legend.delivery received": ("delivered, and received", "已交付并签收"),
    "legend.read": ("somebody was shown it", "有人查阅"),
    "legend.cut": ("a quiet time, shown shorter", "无事的时段，已缩短"),
    "sources.proven": (
        "What happened is complete: it was checked against the chain.",
        "行为完整无缺：已与链核对。",
    ),
    "sources.proven-and-told": (
        (
            "What happened is complete: it was checked against the chain; deliveries and reads are "
            "what this agency has written down."
        ),
        "行为完整无缺：已与链核对；交付与查阅为本机构自行记载。",
    ),
    "sources.taken-over": (
        "Checked against the chain since {time}; the registry before has what was before.",
        "{time} 以来的行为已与链核对；此前的行为在之前的登记处。",
    ),
    "sources.missing": ("{missing}.", "{missing}。"),
    "sources.no-holds": ("no holds", "没有冻结"),
    "sources.no-shares": ("shared with nobody", "未共享给任何机构"),
    "sources.no-reads": ("no reads written down", "没有记载的查阅"),
    "sources.comma": (", ", "，"),
    "sources.order": (
        "Distances tell the order, and only roughly how long it took.",
        "间距只表示先后，仅大致反映时间长短。",
    ),
    # Lengths of time.
    "span.years": ("{count} years", "{count} 年"),
    "span.months": ("{count} months", "{count} 个月"),
    "span.days": ("{count} days", "{count} 天"),
    "span.hours": ("{count} hours", "{count} 小时"),
    "span.minutes": ("{count} minutes", "{count} 分钟"),
    "span.second": ("{count} second", "{count} 秒"),
    "span.seconds": ("{count} seconds", "{count} 秒"),
    "span.less": ("less than a second", "不足 1 秒"),
}
"""Each phrase in English and in Chinese."""
