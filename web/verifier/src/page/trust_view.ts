// SPDX-License-Identifier: Apache-2.0
/** What the page trusts: built in, or loaded by hand and marked as such. */

import { toHex } from "../core/bytes.ts";
import { isSignedByOperator, readTrust, TrustFileError, type Trust } from "../core/trust.ts";
import type { Language, Phrase } from "./catalogue.ts";
import { element, type Child } from "./elements.ts";
import { bytesOf } from "./files.ts";
import { timeOf, visible, type Say } from "./shown.ts";

export interface Trusted {
  readonly trust: Trust;
  readonly isBuiltIn: boolean;
}

/** Why a file was not taken. */
export interface TrustProblem {
  readonly phrase: Phrase;
  readonly values: Readonly<Record<string, string>>;
}

/** Read a trust file that a person chose, with its signature where it was chosen too. */
export async function loadTrust(files: readonly File[]): Promise<Trusted | TrustProblem> {
  const signature = files.find((each) => each.name.endsWith(".sig"));
  const file = files.find((each) => each !== signature);
  try {
    const bytes = file === undefined ? new Uint8Array() : await bytesOf(file);
    const trust = readTrust(bytes);
    if (signature !== undefined && !isSignedByOperator(bytes, trust, await signature.text())) {
      return { phrase: "trust-bad-signature", values: {} };
    }
    return { trust, isBuiltIn: false };
  } catch (error) {
    if (!(error instanceof TrustFileError)) throw error;
    return { phrase: "trust-no-file", values: { entry: error.entry } };
  }
}

export interface TrustActions {
  readonly choose: (files: readonly File[]) => void;
  readonly back: () => void;
}

export function trustView(
  { trust, isBuiltIn }: Trusted,
  problem: TrustProblem | null,
  now: number,
  language: Language,
  say: Say,
  actions: TrustActions,
): HTMLElement {
  const witnesses = trust.witnesses.map((each) => visible(each.name)).join(", ");
  const expired = now > trust.expires ? ` (${say("trust-expired")})` : "";
  const rows: [string, Child][] = [
    [
      say("trust-fingerprint"),
      element("code", { class: "hash", id: "fingerprint" }, trust.fingerprint),
    ],
    [
      say("trust-registry"),
      say("trust-registry-on", { address: `0x${toHex(trust.registry)}`, chain: trust.chainId }),
    ],
    [say("trust-expires"), timeOf(trust.expires, language) + expired],
  ];
  if (trust.validators !== null) {
    const { addresses, block } = trust.validators;
    rows.push([
      say("trust-validators"),
      say("trust-validators-since", { count: addresses.length, block }),
    ]);
  }
  if (trust.blocks.size > 0) rows.push([say("trust-blocks"), [...trust.blocks.keys()].join(", ")]);
  if (trust.witnesses.length > 0) {
    const values = {
      needed: trust.witnessesNeeded ?? 0,
      count: trust.witnesses.length,
      names: witnesses,
    };
    rows.push([say("trust-witnesses"), say("trust-needed", values)]);
  }
  if (trust.nodes.length > 0) rows.push([say("trust-nodes"), visible(trust.nodes.join(", "))]);
  return element(
    "section",
    { class: `trust ${isBuiltIn ? "built-in" : "by-hand"}`, "aria-labelledby": "trust-title" },
    element("h2", { id: "trust-title" }, say("trust-title")),
    element("p", { class: "lead" }, say("trust-lead")),
    element(
      "p",
      { class: "origin", id: "trust-origin" },
      say(isBuiltIn ? "trust-built-in" : "trust-by-hand"),
    ),
    isBuiltIn
      ? null
      : element(
          "p",
          { class: "note bad" },
          say("trust-confirm", { fingerprint: trust.fingerprint }),
        ),
    element(
      "dl",
      {},
      ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
    ),
    problem === null
      ? null
      : element("p", { class: "note bad", role: "alert" }, say(problem.phrase, problem.values)),
    element(
      "div",
      { class: "controls" },
      element(
        "label",
        { class: "button" },
        say("trust-choose"),
        element("input", {
          type: "file",
          id: "trust-input",
          class: "covered",
          multiple: true,
          "aria-describedby": "trust-hint",
          onchange: (event) =>
            actions.choose([...((event.target as HTMLInputElement).files ?? [])]),
        }),
      ),
      isBuiltIn
        ? null
        : element(
            "button",
            { type: "button", id: "trust-back", onclick: actions.back },
            say("trust-back"),
          ),
      element("span", { class: "quiet", id: "trust-hint" }, say("trust-choose-hint")),
    ),
  );
}
