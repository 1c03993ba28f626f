// SPDX-License-Identifier: Apache-2.0
/** The content of a record that this agency keeps, of one version. */

import { AskedValues } from "../parts/asked_values.tsx";
import { Card } from "../parts/parts.tsx";
import { ShownValues } from "../parts/shown_values.tsx";
import { useWords } from "../words/language.tsx";
import type { RecordView } from "./record_page.tsx";

interface Content {
  readonly version: number;
  readonly content: Readonly<Record<string, unknown>>;
}

export function RecordContent({ view }: { view: RecordView }) {
  const { say } = useWords();
  const versions = view.kept?.versions ?? [];
  return (
    <Card title={say("content")}>
      {versions.length === 0 ? (
        <p class="quiet">{say("content-elsewhere")}</p>
      ) : (
        <AskedValues<Content>
          label={say("version")}
          name="version"
          choices={versions.toReversed().map((each) => ({ value: each, label: String(each) }))}
          first={versions.at(-1) ?? view.version}
          pathOf={(version) => `/records/${view.record}/content?version=${version}`}
        >
          {({ version, content }, purpose) => (
            <ShownValues
              values={content}
              fileAt={(field) => `/records/${view.record}/files/${field}?version=${version}`}
              purpose={purpose}
            />
          )}
        </AskedValues>
      )}
    </Card>
  );
}
