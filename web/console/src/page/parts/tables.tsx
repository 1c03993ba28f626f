// SPDX-License-Identifier: Apache-2.0
/** Tables with a caption that at least screen readers hear. */

import type { ComponentChildren } from "preact";

export interface Column {
  readonly title: string;
  readonly number?: boolean;
  /** Of controls: the title is for those who hear it alone. */
  readonly actions?: boolean;
}

export interface Row {
  readonly key: string;
  readonly cells: readonly ComponentChildren[];
}

interface TableProperties {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export function TableOf({ caption, columns, rows }: TableProperties) {
  return (
    <div class="table" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((each, at) =>
              each.title === "" ? (
                <td key={at} />
              ) : (
                <th key={at} scope="col" class={each.number ? "number" : ""}>
                  {each.actions ? <span class="visually-hidden">{each.title}</span> : each.title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              {row.cells.map((cell, at) => {
                const column = columns[at];
                const kind = column?.actions ? "actions" : column?.number ? "number" : "";
                return (
                  <td key={at} class={kind}>
                    {cell}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
