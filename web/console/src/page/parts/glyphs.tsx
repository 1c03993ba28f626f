// SPDX-License-Identifier: Apache-2.0
/** The signs of the pages: drawn in one stroke, beside words and never instead of them. */

const PATHS = {
  overview: "M4 19V10M10 19V5M16 19v-7M21 19H2",
  find: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L21 21",
  register: "M6 3h9l4 4v14H6zM12.5 10v7M9 13.5h7",
  inbox: "M3 13l3-8h12l3 8v6H3zM3 13h5l1.5 3h5L16 13h5",
  hold: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  retention: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
  import: "M12 3v11M8 10l4 4 4-4M4 17v4h16v-4",
  shares: "M8 12l8-5M8 12l8 5M6 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 20.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  officers: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 3-6 6.500-6s6.500 2 6.500 6M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.500c2.300.8 3.500 2.700 3.500 5.500",
  keys: "M8 16a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM12.500 11.500H21v4M17 11.500v3",
  types: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  tokens: "M4 7h16v10H4zM8 7v10M12 11h5M12 14h3",
  deliveries: "M3 7l9-4 9 4v10l-9 4-9-4zM3 7l9 4 9-4M12 11v10",
  journals: "M5 4h12l2 2v14H5zM9 4v16M12 9h4M12 13h4",
  webhooks: "M3 12h10M9 8l4 4-4 4M16 4h4v16h-4",
  check: "M5 12.500l4.500 4.500L19 7",
  cross: "M6 6l12 12M18 6L6 18",
  warning: "M12 3.500L22 20H2zM12 10v4.500M12 17v.200",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.500v.200",
  file: "M6 3h9l4 4v14H6zM15 3v4h4",
  sign: "M3 20h18M5 16c4-9 7-13 8-11s-5 9-3 9 4-5 5-4-2 4 0 4 2-1 4-1",
  download: "M12 4v11M8 11l4 4 4-4M5 20h14",
  menu: "M4 7h16M4 12h16M4 17h16",
} as const;

export type GlyphName = keyof typeof PATHS;

export function Glyph({ name }: { readonly name: GlyphName }) {
  return (
    <svg viewBox="0 0 24 24" class="glyph" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark of the product: a document with a seal. */
export function Mark() {
  return (
    <svg viewBox="0 0 40 40" class="mark" aria-hidden="true">
      <path d="M10 4h15l7 7v25H10z" />
      <path d="M25 4v7h7M15 17h12M15 22h12" />
      <circle cx="27" cy="30" r="6.5" class="mark-seal" />
      <path d="M24 30l2.2 2.2 3.8-4.4" class="mark-check" />
    </svg>
  );
}
