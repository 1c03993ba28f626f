// SPDX-License-Identifier: Apache-2.0
/** A QR code, drawn as one path. */

import qrcode from "qrcode-generator";
import { useMemo } from "preact/hooks";

const QUIET = 4;

/** The modules of a text's code, row by row, dark ones true. */
export function modulesOf(text: string): boolean[][] {
  const code = qrcode(0, "M");
  code.addData(text, "Byte");
  code.make();
  const size = code.getModuleCount();
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => code.isDark(row, column)),
  );
}

export function QrCode({ text, label }: { text: string; label: string }) {
  const modules = useMemo(() => modulesOf(text), [text]);
  const size = modules.length + 2 * QUIET;
  const path = modules
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "")))
    .join("");
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <path d={path} fill="#000" />
    </svg>
  );
}
