// SPDX-License-Identifier: Apache-2.0
/**
 * All words of the page, in both languages: `{name}` stands for a value, `{name|one|more}` for the
 * word that fits it. A list as long as the page has words, so that who corrects one language has the other beside it.
 */

import type { ReasonName } from "../core/reasons.ts";
import type { Kind } from "../core/acts.ts";
import type { Outcome, Step } from "../core/verdict.ts";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

type Both = readonly [english: string, chinese: string];

const PAGE = {
  title: ["Check a document’s evidence", "核验文件凭证"],
  lead: [
    "Find out whether a record of a public agency is genuine, and whether it still holds.",
    "核验公共机构的记录是否真实，以及是否仍然有效。",
  ],
  "nothing-leaves": [
    "Nothing is uploaded. Everything is checked here, on your device.",
    "不上传任何内容，所有核验都在您的设备上完成。",
  ],
  language: ["Language", "语言"],
  "evidence-slot": ["Evidence file", "凭证文件"],
  "evidence-hint": ["The .json file that came with the document", "随文件一同提供的 .json 文件"],
  "document-slot": ["Document", "原文件"],
  "document-hint": [
    "If you have it: the PDF, image or other file itself",
    "如有：PDF、图片等文件本身",
  ],
  optional: ["optional", "可选"],
  choose: ["Choose a file", "选择文件"],
  "choose-other": ["Choose another", "另选文件"],
  "drop-here": ["Or drop files anywhere on this page.", "也可将文件拖到本页任意位置。"],
  "drop-now": ["Drop to check", "松开即可核验"],
  remove: ["Remove {name}", "移除 {name}"],
  checking: ["Checking…", "正在核验……"],
  "page-failed": [
    "This page could not check the file. That says nothing about the file: please tell who published the page.",
    "本页未能核验该文件。这不说明文件本身有问题，请告知本页的发布者。",
  ],
  "start-again": ["Check another", "核验另一份"],
  print: ["Print this result", "打印结果"],
  bytes: ["{count} {count|byte|bytes}", "{count} 字节"],
  "no-script": [
    "This page checks evidence with JavaScript, which is switched off.",
    "本页需要启用 JavaScript 才能核验凭证。",
  ],
  result: ["Result", "核验结果"],
  "records-checked": ["{count} {count|record|records} in this file", "本文件包含 {count} 条记录"],
  "show-more": ["Show {count} more", "再显示 {count} 条"],
  "as-of": ["As of {time}", "截至 {time}"],
  "as-of-block": ["block {block} of chain {chain}", "链 {chain} 的第 {block} 区块"],
  "as-of-nothing": ["Nothing is proven as of any block.", "未能证明截至任何区块的情况。"],
  "claimed-block": [
    "The file speaks of block {block} of chain {chain}. Nothing is proven as of it.",
    "文件所称区块为链 {chain} 的第 {block} 区块，未能证明截至该区块的情况。",
  ],
  "held-note": [
    "A hold stands: an authority forbids any change to it and its destruction.",
    "处于冻结状态：主管机关禁止更改或销毁该记录。",
  ],
  "why-not": ["Step {step} does not hold", "第 {step} 步不成立"],
  "why-unknown": ["Step {step} cannot be decided from here", "第 {step} 步在此无法判定"],
  yes: ["yes", "是"],
  no: ["no", "否"],
  nothing: ["nothing", "无"],
} as const satisfies Record<string, Both>;

const SCANNED_WORDS = {
  "scanned-title": ["The code you scanned is for this record", "您扫描的二维码对应这条记录"],
  "scanned-lead": [
    "Drop or choose its evidence file here: the page then says whether the file is about this record. The code alone proves nothing.",
    "请将该记录的凭证文件拖到这里，或在此选择：本页会说明文件是否关于这条记录。二维码本身不证明任何事。",
  ],
  "scanned-same": [
    "This is about the record whose code you scanned.",
    "所示内容关于您扫描的二维码所对应的记录。",
  ],
  "scanned-claimed": [
    "The file names the record whose code you scanned, but proves nothing of it.",
    "文件所称的记录是您扫描的二维码所对应的记录，但未能证明其任何情况。",
  ],
  "scanned-other": [
    "Attention: this file is not about the record whose code you scanned. The result below says nothing of that record.",
    "注意：本文件与您扫描的二维码所对应的记录无关。以下核验结果不说明那条记录的任何情况。",
  ],
  "scanned-elsewhere": [
    "Attention: the result below is of another record of this file. The record whose code you scanned is the first of the list.",
    "注意：以下是本文件中另一条记录的核验结果。您扫描的二维码所对应的记录在列表首位。",
  ],
} as const satisfies Record<string, Both>;

const VERDICTS = {
  "outcome.valid": ["Valid", "有效"],
  "outcome.stale": ["Valid, but stale", "有效，但已陈旧"],
  "outcome.superseded": ["Superseded", "已被取代"],
  "outcome.revoked": ["Revoked", "已撤销"],
  "outcome.disposed": ["Disposed", "已处置"],
  "outcome.conflict": ["Conflict", "冲突"],
  "outcome.unknown": ["Unknown", "无法判定"],
  "outcome.invalid": ["Invalid", "无效"],
  "plain.valid": [
    "The record is genuine and in force as of the block below.",
    "记录真实，截至下述区块有效。",
  ],
  "plain.stale": [
    "The record was genuine and in force, but this says nothing of today. Ask for newer evidence.",
    "记录当时真实有效，但不能说明现状。请索取更新的凭证。",
  ],
  "plain.superseded": [
    "The record is genuine, but something newer has taken the place of what is shown here.",
    "记录真实，但所示内容已被更新的内容取代。",
  ],
  "plain.revoked": [
    "The record is genuine, but the agency has revoked it. It no longer holds.",
    "记录真实，但机构已将其撤销，不再有效。",
  ],
  "plain.disposed": [
    "The record was genuine. Its content was destroyed after its time, as the rules demand.",
    "记录曾真实存在，其内容已按规定在期满后销毁。",
  ],
  "plain.conflict": [
    "Proof of fraud: the agency has registered the same record twice.",
    "欺诈证明：该机构将同一记录登记了两次。",
  ],
  "plain.unknown": [
    "From here it cannot be decided. That does not mean that anything is wrong.",
    "在此无法判定，但这并不表示存在问题。",
  ],
  "plain.invalid": [
    "Do not rely on it. The file was changed, is incomplete, or proves something else.",
    "请勿采信。文件被改动、不完整，或证明的是其他内容。",
  ],
} as const satisfies Record<`${"outcome" | "plain"}.${Outcome}`, Both>;

const STEP_WORDS = {
  "step.1": ["The file has its form, byte for byte", "文件格式逐字节正确"],
  "step.2": [
    "The trust file covers this chain and registry, and has not expired",
    "信任文件涵盖该链和登记处，且未过期",
  ],
  "step.3": ["The block header is one, and gives the block’s hash", "区块头完整，并得出区块哈希"],
  "step.4": [
    "The registry is in the block’s state, with the trusted code",
    "登记处存在于区块状态中，且代码可信",
  ],
  "step.5": ["The record’s slots are in the registry’s storage", "记录的存储位在登记处的存储中"],
  "step.6": [
    "The trace is complete: its acts lead exactly to these slots",
    "轨迹完整：各项行为恰好得出这些存储位",
  ],
  "step.7": [
    "The journal’s entry registers the record, under a seal of the registry",
    "日志条目登记了该记录，且有登记处的封存",
  ],
  "step.8": ["The shown version is one of the trace, or the entry’s", "所示版本属于轨迹或日志条目"],
  "step.9": ["The shown fields belong to the version", "所示字段属于该版本"],
  "step.10": ["The document is the one that a shown field names", "原文件正是所示字段所指的文件"],
  "step.11": ["Nothing in the file is without use", "文件中没有多余内容"],
  "step.12": [
    "The block is trusted: by its hash, or by who signed it",
    "区块可信：凭其哈希或签署者",
  ],
  "step.13": [
    "The registry has no successor, and the block is young enough",
    "登记处没有继任者，且区块不过旧",
  ],
} as const satisfies Record<`step.${Step}`, Both>;

const STEP_PAGE = {
  "steps-title": ["The {count} steps", "{count} 个步骤"],
  "steps-lead": [
    "Anybody can repeat them: they are numbered as in the specification.",
    "任何人都可重复核验：编号与规范一致。",
  ],
  "step-done": ["done", "通过"],
  "step-failed": ["does not hold", "不成立"],
  "step-unknown": ["cannot be decided", "无法判定"],
  "step-not-needed": ["not needed here", "此处不需要"],
  "step-not-reached": ["not reached", "未到达"],
} as const satisfies Record<string, Both>;

const REASON_WORDS = {
  "reason.not-utf-8": ["The file is not text.", "文件不是文本。"],
  "reason.not-json": [
    "The file is not JSON. Is it the evidence file?",
    "文件不是 JSON。这是凭证文件吗？",
  ],
  "reason.not-canonical": [
    "The file is spelled in another way than evidence is: it was changed after it was made.",
    "文件的写法与凭证不同：生成后被改动过。",
  ],
  "reason.not-in-profile": [
    "The file holds values that evidence never has.",
    "文件含有凭证不会有的值。",
  ],
  "reason.form": [
    "At “{path}” the file has another form than evidence.",
    "文件在“{path}”处的格式与凭证不符。",
  ],
  "reason.too-large": ["The file is larger than 256 MiB.", "文件大于 256 MiB。"],
  "reason.other-chain": [
    "The evidence is of chain {chain}, of which the trust file says nothing.",
    "凭证属于链 {chain}，信任文件未涉及该链。",
  ],
  "reason.other-registry": [
    "The evidence is of a registry of which the trust file says nothing.",
    "凭证属于信任文件未涉及的登记处。",
  ],
  "reason.unsigned-kind": [
    "The trust file demands blocks that validators sign; this one is of another kind.",
    "信任文件要求由验证者签署的区块；此区块不是。",
  ],
  "reason.signed-kind": [
    "The block is of a kind that validators sign, and the trust file names none.",
    "该区块须由验证者签署，而信任文件未列出验证者。",
  ],
  "reason.trust-expired": [
    "The trust file has expired. A newer one is needed.",
    "信任文件已过期，需要新的信任文件。",
  ],
  "reason.header-no-rlp": ["The block header cannot be read.", "区块头无法读取。"],
  "reason.header-fields": [
    "The block header has {count} {count|field|fields}, which no header has.",
    "区块头有 {count} 个字段，不符合任何区块头。",
  ],
  "reason.header-value": [
    "A field of the block header has another form.",
    "区块头的某个字段格式不符。",
  ],
  "reason.header-extra": [
    "The signatures in the block header cannot be read.",
    "区块头中的签名无法读取。",
  ],
  "reason.header-round": [
    "The block header names a round that nobody has signed.",
    "区块头所列轮次无人签署。",
  ],
  "reason.node-missing": [
    "A part of the proof of the registry’s state is missing.",
    "登记处状态证明缺少一部分。",
  ],
  "reason.node-form": [
    "A part of the proof of the registry’s state has another form.",
    "登记处状态证明的一部分格式不符。",
  ],
  "reason.account-missing": [
    "The registry does not exist in this block.",
    "该区块中不存在该登记处。",
  ],
  "reason.account-form": ["The registry’s account has another form.", "登记处账户格式不符。"],
  "reason.other-code": [
    "The registry’s code is not the trusted one.",
    "登记处的代码不是可信代码。",
  ],
  "reason.slot-form": [
    "A slot of the registry holds what it cannot hold.",
    "登记处的某个存储位内容不可能成立。",
  ],
  "reason.trace-state": [
    "The acts lead to another state than stands on the chain: some are missing or changed.",
    "各项行为得出的状态与链上不同：有缺失或被改动。",
  ],
  "reason.trace-head": [
    "The acts are not those on the chain: some are missing, added or changed.",
    "各项行为与链上不符：有缺失、增添或改动。",
  ],
  "reason.trace-commitment": [
    "The content that the acts name is not the one on the chain.",
    "各项行为所指的内容与链上不符。",
  ],
  "reason.trace-none": ["The trace registers nothing.", "轨迹中没有登记。"],
  "reason.entry-on-chain": [
    "The record stands on the chain by itself; a journal’s entry no longer speaks for it.",
    "该记录本身已在链上，日志条目不再代表它。",
  ],
  "reason.entry-kind": ["The journal’s entry registers nothing.", "日志条目没有登记任何记录。"],
  "reason.entry-other-record": [
    "The journal’s entry is of another record.",
    "日志条目属于另一条记录。",
  ],
  "reason.seal-unknown": [
    "The registry has no such seal of the journal.",
    "登记处没有该日志的此项封存。",
  ],
  "reason.index-past-end": ["The entry lies past the journal’s end.", "条目位于日志末尾之后。"],
  "reason.proof-too-long": [
    "The proof that the entry is in the journal is too long.",
    "条目包含证明过长。",
  ],
  "reason.proof-too-short": [
    "The proof that the entry is in the journal is too short.",
    "条目包含证明过短。",
  ],
  "reason.proof-other-root": [
    "The entry is not in the sealed journal.",
    "条目不在已封存的日志中。",
  ],
  "reason.entry-after-seal": [
    "The entry claims a time after its seal.",
    "条目声称的时间晚于其封存。",
  ],
  "reason.entry-disowned": [
    "The agency has disowned this part of its journal.",
    "机构已否认其日志的这一部分。",
  ],
  "reason.checkpoint-other": [
    "The signed checkpoint is of another journal or another size.",
    "已签署的检查点属于其他日志或其他大小。",
  ],
  "reason.conflict-same": [
    "The entry is the very one by which the record came: that is no conflict.",
    "该条目正是记录的来源：不构成冲突。",
  ],
  "reason.note-form": ["A signed note cannot be read.", "已签署的说明无法读取。"],
  "reason.note-signature": [
    "The signature of witness {name} is wrong.",
    "见证人 {name} 的签名错误。",
  ],
  "reason.version-missing": [
    "The record never had a version {version}.",
    "该记录从未有过版本 {version}。",
  ],
  "reason.algorithm-not-accepted": [
    "The trust file does not accept digest algorithm {algorithm}.",
    "信任文件不接受摘要算法 {algorithm}。",
  ],
  "reason.digest-count": [
    "The list of digests has a length that it cannot have.",
    "摘要列表的长度不可能成立。",
  ],
  "reason.digests-order": ["The list of digests is not in order.", "摘要列表顺序错误。"],
  "reason.commitment-other": [
    "The content is not the one that the agency has committed to.",
    "内容不是机构所承诺的内容。",
  ],
  "reason.field-text": ["A shown field has another form.", "某个所示字段格式不符。"],
  "reason.field-order": [
    "Field “{name}” is not in its place, or there twice.",
    "字段“{name}”位置错误或重复。",
  ],
  "reason.field-unknown": [
    "Field “{name}” was changed: the agency has committed to another value.",
    "字段“{name}”被改动：机构承诺的是另一个值。",
  ],
  "reason.document-other": [
    "“{name}” is not the document that the record names.",
    "“{name}”不是记录所指的文件。",
  ],
  "reason.nodes-unused": [
    "The file holds {count} {count|part that proves|parts that prove} nothing.",
    "文件含有 {count} 个不起证明作用的部分。",
  ],
  "reason.block-other": [
    "The trusted block {block} is another one.",
    "可信的第 {block} 区块是另一个区块。",
  ],
  "reason.block-not-trusted": [
    "The trust file does not name block {block}, and no node was asked.",
    "信任文件未列出第 {block} 区块，也未询问任何节点。",
  ],
  "reason.block-before-set": [
    "Block {block} is older than what the trust file says of validators.",
    "第 {block} 区块早于信任文件所列的验证者。",
  ],
  "reason.note-other-block": [
    "The witnesses’ note is of another block than {block}.",
    "见证说明所指的不是第 {block} 区块。",
  ],
  "reason.handover-chain": [
    "The hand-over at block {block} is of another chain.",
    "第 {block} 区块的交接属于另一条链。",
  ],
  "reason.handover-order": [
    "The hand-over at block {block} is out of order.",
    "第 {block} 区块的交接顺序错误。",
  ],
  "reason.handover-signer": [
    "The hand-over at block {block} is signed by a stranger.",
    "第 {block} 区块的交接由陌生者签署。",
  ],
  "reason.handover-signers-order": [
    "The signatures of the hand-over at block {block} are out of order.",
    "第 {block} 区块交接的签名顺序错误。",
  ],
  "reason.handover-quorum": [
    "Too few of the old validators have signed the hand-over at block {block}.",
    "签署第 {block} 区块交接的原验证者不足。",
  ],
  "reason.handover-new-member": [
    "A new validator has not signed the hand-over at block {block}.",
    "有新验证者未签署第 {block} 区块的交接。",
  ],
  "reason.handover-old-set": [
    "The hand-over at block {block} does not start from trusted validators.",
    "第 {block} 区块的交接并非由可信验证者开始。",
  ],
  "reason.handover-twice": [
    "The hand-over at block {block} leads back to earlier validators.",
    "第 {block} 区块的交接回到了先前的验证者。",
  ],
  "reason.handover-after-block": [
    "The hand-over at block {block} comes after the evidence’s block.",
    "第 {block} 区块的交接晚于凭证的区块。",
  ],
  "reason.handover-needless": [
    "Block {block} is signed by earlier validators; the hand-over is needless.",
    "第 {block} 区块由先前的验证者签署，交接多余。",
  ],
  "reason.seal-form": ["A signature of block {block} is none.", "第 {block} 区块的某个签名无效。"],
  "reason.seal-proposer": [
    "Block {block} was proposed by none of the trusted validators.",
    "第 {block} 区块的提议者不是可信验证者。",
  ],
  "reason.seal-stranger": [
    "Block {block} bears the signature of a stranger.",
    "第 {block} 区块带有陌生者的签名。",
  ],
  "reason.seal-twice": [
    "Block {block} bears one validator’s signature twice.",
    "第 {block} 区块重复出现同一验证者的签名。",
  ],
  "reason.seal-quorum": [
    "Only {count} of {all} validators have signed block {block}; {needed} are needed.",
    "第 {block} 区块仅有 {count}/{all} 名验证者签署，需要 {needed} 名。",
  ],
  "reason.witnesses-for-handover": [
    "The validators have changed. {needed} witnesses of block {block} are needed, here {count|is|are} {count}. Ask for newer evidence, or a newer trust file.",
    "验证者已更换。第 {block} 区块需要 {needed} 名见证人，现有 {count} 名。请索取更新的凭证或信任文件。",
  ],
  "reason.witnesses-for-expiry": [
    "The trust file has expired. {needed} witnesses from before are needed for block {block}, here {count|is|are} {count}.",
    "信任文件已过期。第 {block} 区块需要 {needed} 名过期前的见证人，现有 {count} 名。",
  ],
  "reason.never-registered": [
    "No such record was registered as of block {block}.",
    "截至第 {block} 区块，没有登记过这条记录。",
  ],
  "reason.by-version": ["Version {version} is the latest.", "最新版本为 {version}。"],
  "reason.by-record": ["Record {record} has taken its place.", "记录 {record} 已取代它。"],
  "reason.by-another-record": ["Another record has taken its place.", "另一条记录已取代它。"],
  "reason.with-reason": ["Reason: {reason}.", "理由：{reason}。"],
  "reason.revoked-since": [
    "It was revoked after this evidence was made.",
    "在此凭证生成之后被撤销。",
  ],
  "reason.secrets-destroyed": [
    "The secrets that could open its content were destroyed.",
    "能够打开其内容的密钥已销毁。",
  ],
  "reason.too-old": ["The block is {days} {days|day|days} old.", "该区块已有 {days} 天。"],
  "reason.has-successor": [
    "The registry was succeeded by {registry}: ask there.",
    "登记处已由 {registry} 接替，请向其查询。",
  ],
  "reason.registered-twice": [
    "{agency} has entered it at {index} of its journal {journal}, and again at {other-index} of journal {other-journal}.",
    "{agency}在其日志 {journal} 的第 {index} 条登记，又在日志 {other-journal} 的第 {other-index} 条再次登记。",
  ],
  "reason.registered-otherwise": [
    "{agency} has entered it at {index} of its journal {journal}, and registered it on the chain in another way too.",
    "{agency}在其日志 {journal} 的第 {index} 条登记，又以其他方式在链上登记。",
  ],
  "reason.no-nodes": [
    "The trust file names no node that could be asked.",
    "信任文件未列出可询问的节点。",
  ],
  "reason.unreachable": ["{node} could not be reached.", "无法连接 {node}。"],
  "reason.node-answer": ["The node’s answer has another form.", "节点的应答格式不符。"],
  "reason.node-behind": [
    "The node is behind: it has block {block} at most.",
    "节点落后：最多只有第 {block} 区块。",
  ],
  "reason.node-block": [
    "The node’s block does not have the hash that it gives it.",
    "节点的区块与其所称哈希不符。",
  ],
} as const satisfies Record<`reason.${ReasonName}`, Both>;

const TRACE_WORDS = {
  "trace-title": ["What has happened to the record", "记录的经历"],
  "trace-lead": [
    "All that was ever done to it on the chain, proven complete.",
    "链上对该记录的全部行为，已证明完整。",
  ],
  "trace-empty": ["Nothing was done to it since its registration.", "登记之后未对其有任何行为。"],
  "trace-picture": [
    "Timeline of {count} {count|act|acts}, from {from} to {to}",
    "{count} 项行为的时间线，从 {from} 到 {to}",
  ],
  "act.registered": ["Registered", "登记"],
  "act.enrolled": ["Brought on chain", "上链"],
  "act.amended": ["Amended", "修订"],
  "act.superseded": ["Superseded", "被取代"],
  "act.revoked": ["Revoked", "撤销"],
  "act.held": ["Held by an authority", "被主管机关冻结"],
  "act.released": ["Released", "解除冻结"],
  "act.transferred": ["Handed over", "移交"],
  "act.disposed": ["Disposed", "处置"],
  "entry-sealed": ["Registered in a journal", "登记于日志"],
  "act-version": ["version {version}", "版本 {version}"],
  "act-from-to": ["from {from} to {to}", "由 {from} 移交 {to}"],
  "act-by": ["by {agency}", "由 {agency}"],
  "act-account": ["account {account}", "账户 {account}"],
  "act-reason": ["reason: {reason}", "理由：{reason}"],
  "act-record": ["by record {record}", "由记录 {record}"],
  "act-entry": ["journal {journal}, entry {index}", "日志 {journal}，条目 {index}"],
  "act-claimed": ["the agency’s own time: {time}", "机构自述时间：{time}"],
} as const satisfies Record<string, Both> & Record<`act.${Kind}`, Both>;

const FIELD_WORDS = {
  "fields-title": ["What the record says", "记录内容"],
  "fields-lead": [
    "Fields that the holder chose to show, exactly as the agency has committed to them.",
    "持有人选择出示的字段，与机构所承诺的完全一致。",
  ],
  "fields-none": [
    "No field is shown: the evidence is of the record alone.",
    "未出示任何字段：凭证仅证明记录本身。",
  ],
  "field-name": ["Field", "字段"],
  "field-value": ["Value", "值"],
  "field-file": ["A file: {type}, {count} {count|byte|bytes}", "文件：{type}，{count} 字节"],
  "document-same": [
    "“{name}” is exactly the document that field “{field}” names.",
    "“{name}”与字段“{field}”所指的文件完全一致。",
  ],
  "document-not-checked": [
    "The record names a file. Add the document above to compare it.",
    "该记录指向一个文件。请在上方添加原文件以作比对。",
  ],
  "about-title": ["The record", "记录信息"],
  "about-id": ["Record", "记录编号"],
  "about-issuer": ["Issued by", "签发机构"],
  "about-custodian": ["Kept by", "保管机构"],
  "about-type": ["Record type", "记录类型"],
  "about-type-of": ["type {type} of {agency}", "{agency} 的类型 {type}"],
  "about-version": ["Version shown", "所示版本"],
  "about-version-of": ["{version} of {latest}", "{version}（共 {latest}）"],
  "about-latest": ["Latest version", "最新版本"],
  "about-retention": ["Kept until at least", "至少保存至"],
  "about-for-ever": ["for ever", "永久"],
  "about-holds": ["Holds", "冻结"],
  "about-holds-on": [
    "{count} on the record, {type} on its type",
    "记录 {count} 项，类型 {type} 项",
  ],
  agency: ["{name} (agency {id})", "{name}（机构 {id}）"],
  "agency-unnamed": ["agency {id}", "机构 {id}"],
} as const satisfies Record<string, Both>;

const VOUCHING_WORDS = {
  "vouch-title": ["Who vouches for it", "由谁担保"],
  "vouch-block": ["Block {block}", "第 {block} 区块"],
  "vouch-pinned": ["Its hash is one that the trust file names.", "其哈希已列入信任文件。"],
  "vouch-node": [
    "Its hash was confirmed by a node that the trust file names.",
    "其哈希由信任文件所列节点确认。",
  ],
  "vouch-signed": ["Signed by {count} of {all} validators:", "由 {count}/{all} 名验证者签署："],
  "vouch-handovers": [
    "The validators have changed {count} {count|time|times} since the trust file, each time signed over.",
    "自信任文件以来验证者更换了 {count} 次，每次均有交接签名。",
  ],
  "vouch-witnesses": [
    "Seen, and signed, by witnesses outside of the network:",
    "由网络之外的见证人看到并签署：",
  ],
  "vouch-hash": ["Hash", "哈希"],
  "vouch-unique": [
    "That the journal registers this record only once is vouched for by:",
    "日志仅登记该记录一次，由以下见证人担保：",
  ],
  "vouch-unique-agency": [
    "That the journal registers this record only once is the agency’s own word: no witness has signed.",
    "日志仅登记该记录一次，仅凭机构自述：没有见证人签署。",
  ],
  "not-title": ["What this does not prove", "此核验不能证明"],
  "not-true": [
    "that the content is true: only that the agency has committed to it;",
    "内容属实：仅证明机构作出了承诺；",
  ],
  "not-all": [
    "that the agency has committed to nothing else under the same name that is not shown;",
    "机构没有以同一名称承诺过未出示的其他内容；",
  ],
  "not-now": [
    "anything after the block named above: use the live check, or ask for newer evidence.",
    "上述区块之后的情况：请使用实时核验，或索取更新的凭证。",
  ],
} as const satisfies Record<string, Both>;

const LIVE_WORDS = {
  "live-title": ["Is it still so now?", "现在仍然如此吗？"],
  "live-lead": [
    "The live check asks nodes of the registry for fresh proof. They learn which record you ask for, and your network address.",
    "实时核验会向登记处的节点索取最新证明。节点会得知您查询的记录及您的网络地址。",
  ],
  "live-button": ["Check now", "立即核验"],
  "live-again": ["Check again", "再次核验"],
  "live-asking": ["Asking {node}…", "正在询问 {node}……"],
  "live-none": [
    "The trust file names no node that could be asked. Ask the agency for newer evidence.",
    "信任文件未列出可询问的节点。请向机构索取更新的凭证。",
  ],
  "live-other-trust": [
    "The live check works with the built-in trust file alone: this page cannot connect to anybody else.",
    "实时核验仅适用于内置信任文件：本页无法连接其他地址。",
  ],
  "live-unchanged": ["Nothing has been done to the record since.", "此后未对该记录有任何行为。"],
  "live-changed": [
    "Something has been done to the record since. Ask for newer evidence to see what.",
    "此后对该记录有新的行为。请索取更新的凭证查看详情。",
  ],
  "live-still": [
    "What the file proves still stands as of its own block: {outcome}.",
    "凭证所证明的内容截至其区块仍成立：{outcome}。",
  ],
  "live-by": ["Proven by {node}", "由 {node} 提供证明"],
} as const satisfies Record<string, Both>;

const TRUST_WORDS = {
  "trust-title": ["What this page trusts", "本页信任的依据"],
  "trust-lead": [
    "The trust file comes from the registry’s operator, never from evidence. Compare its fingerprint with the published one.",
    "信任文件来自登记处运营者，绝不取自凭证。请将其指纹与公布的指纹比对。",
  ],
  "trust-built-in": ["Built into this page", "内置于本页"],
  "trust-by-hand": [
    "Loaded by hand: not the one that this page was published with",
    "手动载入：并非本页发布时内置的信任文件",
  ],
  "trust-fingerprint": ["Fingerprint", "指纹"],
  "trust-registry": ["Registry", "登记处"],
  "trust-registry-on": ["{address} on chain {chain}", "链 {chain} 上的 {address}"],
  "trust-expires": ["Expires", "有效期至"],
  "trust-expired": ["expired", "已过期"],
  "trust-validators": ["Validators", "验证者"],
  "trust-validators-since": ["{count}, from block {block} on", "{count} 名，自第 {block} 区块起"],
  "trust-blocks": ["Trusted blocks", "可信区块"],
  "trust-witnesses": ["Witnesses", "见证人"],
  "trust-needed": [
    "{needed} of {count} needed: {names}",
    "需要 {count} 名中的 {needed} 名：{names}",
  ],
  "trust-nodes": ["Nodes for the live check", "实时核验节点"],
  "trust-choose": ["Use another trust file…", "使用其他信任文件……"],
  "trust-choose-hint": [
    "Only one that you had from the operator yourself; with its .sig file, where there is one.",
    "仅限您亲自从运营者处取得的信任文件；如有 .sig 文件请一并选择。",
  ],
  "trust-back": ["Back to the built-in one", "恢复内置信任文件"],
  "trust-no-file": [
    "This is no trust file: “{entry}” has another form.",
    "这不是信任文件：“{entry}”格式不符。",
  ],
  "trust-bad-signature": [
    "The signature beside it is not its operator’s. It is refused.",
    "所附签名并非其运营者的签名，已拒绝。",
  ],
  "trust-confirm": [
    "Its fingerprint is {fingerprint}. Compare it with the published one before you rely on a verdict.",
    "其指纹为 {fingerprint}。在采信结果之前，请与公布的指纹比对。",
  ],
  "made-with": [
    "A second, independent implementation of the verifier. Offline, and open source.",
    "核验器的第二个独立实现。可离线使用，开放源代码。",
  ],
} as const satisfies Record<string, Both>;

const REVOCATION_WORDS = {
  "revocation.0": ["unspecified", "未说明"],
  "revocation.1": ["issued in error", "误发"],
  "revocation.2": ["obtained by fraud", "以欺诈取得"],
  "revocation.3": ["the right has ended", "权利已终止"],
  "revocation.4": ["court order", "法院命令"],
  "revocation.5": ["replaced outside of the registry", "已在登记处之外替换"],
  "revocation.other": ["code {code} of the agency", "机构代码 {code}"],
} as const satisfies Record<string, Both>;

export const CATALOGUE = {
  ...PAGE,
  ...SCANNED_WORDS,
  ...VERDICTS,
  ...STEP_WORDS,
  ...STEP_PAGE,
  ...REASON_WORDS,
  ...TRACE_WORDS,
  ...FIELD_WORDS,
  ...VOUCHING_WORDS,
  ...LIVE_WORDS,
  ...TRUST_WORDS,
  ...REVOCATION_WORDS,
};
export type Phrase = keyof typeof CATALOGUE;

/** A phrase in a language, with its values in their places. */
export function phrase(
  language: Language,
  name: Phrase,
  values: Readonly<Record<string, string | number>> = {},
): string {
  const [english, chinese] = CATALOGUE[name];
  const text: string = language === "zh" ? chinese : english;
  return text.replace(
    /\{([\w-]+)(?:\|([^|}]*)\|([^}]*))?\}/g,
    (_, key: string, one?: string, more?: string) =>
      (String(values[key]) === "1" ? one : more) ?? String(values[key] ?? ""),
  );
}
