// SPDX-License-Identifier: Apache-2.0
/** Words of what goes wrong: by the kind that the gateway names, else by its status. */

import type { Both } from "./catalogue.ts";

export const PROBLEMS = {
  "problem.0": ["The gateway does not answer.", "网关没有响应。"],
  "problem.400": ["The gateway could not read this.", "网关无法读取该请求。"],
  "problem.401": ["Account and password do not belong together.", "账户名与密码不符。"],
  "problem.403": ["Your roles do not allow this.", "您的角色不允许此操作。"],
  "problem.404": ["This is not known here.", "此处没有该内容。"],
  "problem.409": ["The registry does not allow this now.", "登记处目前不允许此操作。"],
  "problem.410": ["Its content was destroyed.", "内容已被销毁。"],
  "problem.412": ["Somebody changed it in the meantime. Load it again.", "期间已被他人更改，请重新加载。"],
  "problem.413": ["This is too large.", "内容过大。"],
  "problem.422": ["Something in it cannot be used.", "其中有内容无法使用。"],
  "problem.429": ["Too many calls. Wait a moment.", "请求过于频繁，请稍候。"],
  "problem.500": ["The gateway met an error of its own.", "网关内部出错。"],
  "problem.503": ["The chain or a store is away at the moment. Try again shortly.", "链或存储暂时不可用，请稍后再试。"],
  "problem.507": ["The gateway’s disk is full.", "网关磁盘已满。"],
  "problem-other": ["This did not work.", "操作未成功。"],
  "fault.required": ["This is needed.", "此项必填。"],
  "fault.integer": ["A whole number is expected.", "请输入整数。"],
  "fault.too-large": ["The number is too large.", "数字过大。"],
  "fault.minimum": ["At least {least}.", "不得小于 {least}。"],
  "fault.maximum": ["At most {most}.", "不得大于 {most}。"],
  "fault.decimal": ["A number such as 12.50 is expected.", "请输入小数，如 12.50。"],
  "fault.date": ["A date such as 2026-01-31 is expected.", "请输入日期，如 2026-01-31。"],
  "fault.instant": ["A date and a time (UTC) are expected.", "请输入日期和时间（UTC）。"],
  "fault.cells": [
    "{found} cells, the head has {expected}. A comma within a cell needs quotes around it.",
    "有 {found} 个单元格，表头为 {expected} 个。单元格内含逗号时须加引号。",
  ],
  "fault.json": ["This is no JSON.", "不是有效的 JSON。"],
  "fault.min-length": ["At least {least} characters.", "至少 {least} 个字符。"],
  "fault.max-length": ["At most {most} characters.", "最多 {most} 个字符。"],
  "fault.pattern": ["It must match {pattern}", "须符合格式 {pattern}"],
  "fault.of-gateway": ["Refused by the record type’s schema: {rule}", "不符合记录类型的模式：{rule}"],
} as const satisfies Record<string, Both>;
