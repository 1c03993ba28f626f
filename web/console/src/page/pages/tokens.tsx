// SPDX-License-Identifier: Apache-2.0
/** Tokens of the agency's systems: made, shown once, revoked. */

import { useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { Foot } from "../acting/act_forms.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Badge, Card, Dialog, Empty, Field, Notice, PageHead, ProblemNotice, Shown, TextField, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { useWords } from "../words/language.tsx";

interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly in_force: boolean;
}

const SCOPES = ["read", "register", "prepare", "exchange", "entries", "metrics"] as const;

export function Tokens() {
  const { say, sayOf, day } = useWords();
  const tokens = useResource<{ items: readonly Token[] }>("/tokens");
  const [isMaking, setMaking] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  async function revoke(id: string): Promise<void> {
    try {
      await call("DELETE", `/tokens/${encodeURIComponent(id)}`);
      setProblem(null);
      tokens.reload();
    } catch (error) {
      setProblem(error);
    }
  }

  return (
    <>
      <PageHead title={say("tokens")} lead={say("tokens-lead")}>
        <button type="button" class="primary" onClick={() => setMaking(true)}>
          <Glyph name="tokens" /> {say("make-token")}
        </button>
      </PageHead>
      <Card>
        {problem !== null && <ProblemNotice problem={problem} />}
        <Shown of={tokens}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty glyph="tokens">
                <p>{say("no-tokens")}</p>
              </Empty>
            ) : (
              <TableOf
                caption={say("tokens")}
                columns={[
                  { title: say("token-name") },
                  { title: say("scopes") },
                  { title: say("until") },
                  { title: say("status") },
                  { title: say("acts"), actions: true },
                ]}
                rows={items.map((each) => ({
                  key: each.id,
                  cells: [
                    <>
                      {each.name}
                      <br />
                      <span class="short quiet">{each.id}</span>
                    </>,
                    each.scopes.map((scope) => sayOf(`scope.${scope}`, scope)).join(", "),
                    day(secondsOf(each.expires_at)),
                    each.revoked_at !== null ? (
                      <Badge tone="bad">{say("revoked")}</Badge>
                    ) : (
                      <Badge tone={each.in_force ? "good" : "plain"}>
                        {say(each.in_force ? "in-use" : "expired")}
                      </Badge>
                    ),
                    each.in_force ? (
                      <button type="button" class="small danger" onClick={() => revoke(each.id)}>
                        {say("revoke-token")}
                      </button>
                    ) : null,
                  ],
                }))}
              />
            )
          }
        </Shown>
      </Card>
      {isMaking && (
        <MakeToken
          onClose={() => {
            setMaking(false);
            tokens.reload();
          }}
        />
      )}
    </>
  );
}

function MakeToken({ onClose }: { onClose: () => void }) {
  const { say } = useWords();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set(["read"]));
  const [days, setDays] = useState("90");
  const [made, setMade] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    try {
      const body = { name: name.trim(), scopes: [...scopes].sort(), days: Number(days) };
      setMade((await call("POST", "/tokens", { body })).token);
      setProblem(null);
    } catch (error) {
      setProblem(error);
    }
  }

  function toggle(scope: string): void {
    const next = new Set(scopes);
    if (!next.delete(scope)) next.add(scope);
    setScopes(next);
  }

  if (made !== null) {
    return (
      <Dialog title={say("token-made")} onClose={onClose}>
        <Notice tone="warn">
          <p>{say("token-once")}</p>
        </Notice>
        <p>
          <code class="token">{made}</code>
        </p>
        <div class="controls">
          <button type="button" onClick={() => navigator.clipboard?.writeText(made)}>
            {say("copy")}
          </button>
          <button type="button" class="primary" onClick={onClose}>
            {say("close")}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={say("make-token")} onClose={onClose}>
      <form onSubmit={submit}>
        <TextField
          label={say("token-name")}
          hint={say("token-name-hint")}
          required
          value={name}
          onText={setName}
        />
        <fieldset>
          <legend>{say("scopes")}</legend>
          <div class="choices">
            {SCOPES.map((each) => (
              <label key={each} class="check">
                <input
                  type="checkbox"
                  name="scope"
                  value={each}
                  checked={scopes.has(each)}
                  onChange={() => toggle(each)}
                />
                <span>
                  <b>{say(`scope.${each}`)}</b>
                  <br />
                  <span class="quiet">{say(`scope-hint.${each}`)}</span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <Field label={say("token-days")} required>
          {(attributes) => (
            <input
              {...attributes}
              type="number"
              min={1}
              max={3650}
              value={days}
              onInput={(event) => setDays(event.currentTarget.value)}
            />
          )}
        </Field>
        {problem !== null && <ProblemNotice problem={problem} />}
        <Foot onClose={onClose}>{say("make-token")}</Foot>
      </form>
    </Dialog>
  );
}
