// SPDX-License-Identifier: Apache-2.0
/** That something was done: pages that count what waits look again. */

import { useEffect, useState } from "preact/hooks";

const CHANGED = "muniment:changed";

export function tellChanged(): void {
  dispatchEvent(new Event(CHANGED));
}

/** A number that is another one after each change. */
export function useChanges(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const changed = () => setCount((before) => before + 1);
    addEventListener(CHANGED, changed);
    return () => removeEventListener(CHANGED, changed);
  }, []);
  return count;
}
