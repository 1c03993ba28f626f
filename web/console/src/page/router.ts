// SPDX-License-Identifier: Apache-2.0
/** Pages by the address after #, so that one file serves them all and links can be kept. */

import { useEffect, useState } from "preact/hooks";

export interface Place {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export function placeOf(hash: string): Place {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  return {
    parts: (path ?? "").split("/").filter((each) => each !== "").map(decodeURIComponent),
    query: new URLSearchParams(query ?? ""),
  };
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const changed = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return place;
}

export function goTo(hash: string): void {
  location.hash = hash;
}
