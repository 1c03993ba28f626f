// SPDX-License-Identifier: Apache-2.0
/** What another agency showed of a record by a delivery, and under which terms it may be used. */

import type { EnvelopeInside } from "../../api/deliveries.ts";
import type { Terms } from "../../core/openings.ts";
import { AskedValues } from "../parts/asked_values.tsx";
import { Card, shortened } from "../parts/parts.tsx";
import { ShownValues } from "../parts/shown_values.tsx";
import { useWords } from "../words/language.tsx";

interface Received {
  readonly record: string;
  readonly version: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly terms: Terms;
}

export function ReceivedValues({ records }: { records: EnvelopeInside["records"] }) {
  const { say } = useWords();
  const choices = records.map((each, value) => {
    const version = say("version-number", { version: each.version ?? 1 });
    return { value, label: `${shortened(each.record)} · ${version}` };
  });
  function pathOf(place: number): string {
    const { record, version } = records[place]!;
    return `/received/${record}${version === null ? "" : `?version=${version}`}`;
  }
  return (
    <Card title={say("received-values")}>
      <AskedValues<Received>
        label={say("record")}
        name="received"
        choices={choices}
        first={0}
        pathOf={pathOf}
      >
        {({ record, version, values, terms }, purpose) => (
          <>
            <ShownValues
              values={values}
              fileAt={(field) => `/received/${record}/files/${field}?version=${version}`}
              purpose={purpose}
            />
            <dl class="facts">
              <dt>{say("share-purpose")}</dt>
              <dd>{terms.purpose}</dd>
              <dt>{say("share-basis")}</dt>
              <dd>{terms.legal_basis}</dd>
              <dt>{say("share-onward")}</dt>
              <dd>{say(terms.onward ? "yes" : "no")}</dd>
            </dl>
          </>
        )}
      </AskedValues>
    </Card>
  );
}
