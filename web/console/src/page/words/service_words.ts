// SPDX-License-Identifier: Apache-2.0
/** Words of journals, webhooks and replacements of an agency's officers. */

import type { Both } from "./catalogue.ts";

export const SERVICE = {
  journals: ["Journals", "日志"],
  "journals-lead": [
    "Whole registers under one root: the chain itself keeps each append-only.",
    "整个登记册归于一个树根，由链本身保证只增不改。",
  ],
  "journals-on-chain": ["Journals on chain", "链上的日志"],
  "no-journals": ["No journal is open yet.", "尚未开启日志。"],
  "journal-use.records": ["takes this gateway’s records", "本网关的记录写入此日志"],
  "journal-use.reads": ["takes reads", "记载查阅"],
  "journal-use.none": ["not in use by this gateway", "本网关不使用"],
  "journal-open": ["Open", "已开启"],
  "journal-closed": ["Closed", "已关闭"],
  "repudiated-from": ["Repudiated from entry {index}", "自条目 {index} 起已否认"],
  "journal-closed-in-use": [
    "Journal {number} is closed, and this gateway still writes to it.",
    "日志 {number} 已关闭，而本网关仍在向其写入。",
  ],
  "journal-next-in-profile": [
    "Its new entries cannot be sealed. Whoever runs the gateway names the next journal in its profile, and starts it again.",
    "新条目无法封存。请由网关的运营者在配置中写明下一本日志，并重新启动网关。",
  ],
  "entries-acknowledged": ["Acknowledged", "已受理"],
  "entries-sealed": ["Sealed", "已封存"],
  "entries-final": ["Final", "已终局"],
  "entries-added": ["Added", "新增"],
  seals: ["Seals", "封存"],
  "seals-of": ["Seals of journal {number}", "日志 {number} 的封存"],
  "sealed-at": ["Sealed", "封存时间"],
  "last-seal": ["last {time}", "最近一次：{time}"],
  "tree-root": ["Root", "树根"],
  "do.open-journal": ["Open the next journal", "开启下一本日志"],
  "do.close-journal": ["Close", "关闭"],
  "do.repudiate-journal": ["Repudiate", "否认"],
  "do.close-journal-of": ["Close journal {number}", "关闭日志 {number}"],
  "do.repudiate-journal-of": ["Repudiate journal {number}", "否认日志 {number}"],
  "journal-lead.close": [
    "It takes no more seals, ever. What it has is proved and enrolled as before.",
    "此后不再接受任何封存。已有的条目照常可证明、可上链。",
  ],
  "journal-lead.repudiate": [
    "For when the key that seals was stolen. From the entry on that you name, none can be enrolled any more, and evidence of them is no longer valid; the journal is closed. What was enrolled before keeps its trace.",
    "用于封存密钥失窃之时。自您指明的条目起，均不得再上链，其凭证不再有效，日志随即关闭。此前已上链的记录保留其轨迹。",
  ],
  "entries-would-be-lost": [
    "{count} acknowledged entries wait for their seal. They would never get one: wait until they are sealed.",
    "有 {count} 个已受理的条目尚待封存，关闭后将永远无法封存，请先等待其封存。",
  ],
  "from-entry-hint": [
    "The first one disowned, counted from 0: {most} is the last that can be.",
    "第一个被否认的条目，从 0 数起，最大为 {most}。",
  ],
  "fault.from-entry": ["A whole number up to {most} is expected.", "请填不大于 {most} 的整数。"],
  replacement: ["Replacement of all officers", "替换全部经办人"],
  "replacement-lead": [
    "The way back from lost keys: the registry admin announces one new administrator. Seven days pass in which the agency or a guardian can cancel it; then all officers before give way.",
    "密钥遗失时的出路：由登记处管理员公告一名新的机构管理员。七天之内，机构或守护者可以取消；期满后，原有经办人全部失去角色。",
  ],
  "no-replacement": ["No replacement is announced.", "没有已公告的替换。"],
  "replacement-lapsed": ["The one that was announced was not carried out in time.", "先前公告的替换未在期限内执行。"],
  "replacement-announced": [
    "One account is to replace all officers of this agency.",
    "已公告以一个账户替换该机构的全部经办人。",
  ],
  "replacement-waits": [
    "If nobody of the agency asked for it, cancel it before the delay is over.",
    "如机构并未提出此要求，请在期满之前取消。",
  ],
  "replacement-ready": [
    "The delay is over: it can be carried out at any moment.",
    "期限已满，随时可以执行。",
  ],
  "announced-at": ["Announced", "公告时间"],
  "ready-at": ["Can be carried out from", "可执行时间"],
  "lapses-at": ["Lapses", "失效时间"],
  "do.schedule-replacement": ["Announce a replacement", "公告替换"],
  "do.cancel-replacement": ["Cancel the replacement", "取消替换"],
  "do.execute-replacement": ["Carry the replacement out", "执行替换"],
  "schedule-replacement-lead": [
    "Everybody sees it at once. After seven days it can be carried out, within thirty more.",
    "公告立即可见。七天后即可执行，须在其后三十天内完成。",
  ],
  "execute-replacement-lead": [
    "All officers of the agency lose their roles at once; the new administrator alone gives them again.",
    "该机构的全部经办人立即失去角色，只有新的机构管理员可以重新授予。",
  ],
  "role.registry_admin": ["Registry admin", "登记处管理员"],
  "role.guardian": ["Guardian", "守护者"],
  "type-it": ["Type {word} to say that you mean it", "请输入 {word} 以确认"],
  "type-it-fault": ["{word} is expected.", "应为 {word}。"],
} as const satisfies Record<string, Both>;
