// SPDX-License-Identifier: Apache-2.0
/** Long lists of the gateway, a page at a time. */

import { useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { useResource, type Resource } from "./parts.tsx";

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface Pages<T> extends Resource<readonly T[]> {
  /** Asks for the next page; null where this is all. */
  readonly more: (() => void) | null;
}

/** The items of a list, the first page at once; it begins anew when `path` changes, and by `reload`. */
export function usePages<T>(path: string): Pages<T> {
  const first = useResource<Page<T>>(path);
  const [later, setLater] = useState<{ readonly of: Page<T>; readonly page: Page<T> } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const begun = first.value;
  const shown = later !== null && later.of === begun ? later.page : begun;
  const next = shown?.next ?? null;

  async function more(): Promise<void> {
    if (begun === null || shown === null || next === null) return;
    const mark = path.includes("?") ? "&" : "?";
    try {
      const page: Page<T> = await call("GET", `${path}${mark}cursor=${encodeURIComponent(next)}`);
      setLater({ of: begun, page: { items: [...shown.items, ...page.items], next: page.next } });
      setProblem(null);
    } catch (error) {
      setProblem(error);
    }
  }

  return {
    value: shown?.items ?? null,
    problem: first.problem ?? problem,
    reload: first.reload,
    more: next === null ? null : more,
  };
}
