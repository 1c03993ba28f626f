// SPDX-License-Identifier: Apache-2.0
/** Webhooks: which systems are told of events, how far each is, told again, told no more. */

import { useEffect, useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { Foot } from "../acting/act_forms.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Badge, Card, Dialog, Empty, Notice, PageHead, ProblemNotice, Shown, TextField, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { useWords } from "../words/language.tsx";

interface Webhook {
  readonly webhook: string;
  readonly url: string;
  /** Empty: all. */
  readonly types: readonly string[];
  readonly state: "active" | "stopped";
  /** The last event that was taken. */
  readonly after: string;
  readonly delivered: number;
  readonly failures: number;
  readonly fault: string | null;
  readonly next_at: string | null;
}

interface Listed {
  readonly items: readonly Webhook[];
  readonly event_types: readonly string[];
}

type Doing = { readonly what: "add" } | { readonly what: "replay" | "remove"; readonly of: Webhook };

const LOOK_MS = 2000;
/** Before the first event of all. */
const START = "start";

export function Webhooks() {
  const { say } = useWords();
  const webhooks = useResource<Listed>("/webhooks");
  const [doing, setDoing] = useState<Doing | null>(null);
  useEffect(() => {
    const timer = setInterval(webhooks.reload, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const stop = () => {
    setDoing(null);
    webhooks.reload();
  };
  return (
    <>
      <PageHead title={say("webhooks")} lead={say("webhooks-lead")}>
        <button type="button" class="primary" onClick={() => setDoing({ what: "add" })}>
          <Glyph name="webhooks" /> {say("do.add-webhook")}
        </button>
      </PageHead>
      <Card>
        <Shown of={webhooks}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty glyph="webhooks">
                <p>{say("no-webhooks")}</p>
              </Empty>
            ) : (
              <WebhookTable items={items} onDoing={setDoing} />
            )
          }
        </Shown>
      </Card>
      <Card title={say("webhook-signed")}>
        <p>{say("webhook-signed-lead")}</p>
        <p>
          <a href="#/keys">{say("keys")}</a>
        </p>
      </Card>
      {doing?.what === "add" && (
        <AddWebhook types={webhooks.value?.event_types ?? []} onClose={stop} />
      )}
      {doing?.what === "replay" && <Replay of={doing.of} onClose={stop} />}
      {doing?.what === "remove" && <Remove of={doing.of} onClose={stop} />}
    </>
  );
}

interface WebhookTableProperties {
  readonly items: readonly Webhook[];
  readonly onDoing: (doing: Doing) => void;
}

function WebhookTable({ items, onDoing }: WebhookTableProperties) {
  const { say, number } = useWords();
  return (
    <TableOf
      caption={say("webhooks")}
      columns={[
        { title: say("webhook-address") },
        { title: say("webhook-events") },
        { title: say("status") },
        { title: say("webhook-told"), number: true },
        { title: say("webhook-after") },
        { title: say("acts"), actions: true },
      ]}
      rows={items.map((each) => ({
        key: each.webhook,
        cells: [
          <>
            {each.url}
            <br />
            <span class="short quiet">{each.webhook}</span>
          </>,
          each.types.length === 0 ? say("all-events") : each.types.map(shortType).join(", "),
          <Standing of={each} />,
          number(each.delivered),
          each.after === START ? "–" : <span class="mono">{each.after}</span>,
          <>
            <button
              type="button"
              class="small"
              onClick={() => onDoing({ what: "replay", of: each })}
            >
              {say("do.replay-webhook")}
            </button>{" "}
            <button
              type="button"
              class="small danger"
              onClick={() => onDoing({ what: "remove", of: each })}
            >
              {say("do.remove-webhook")}
            </button>
          </>,
        ],
      }))}
    />
  );
}

/** An event's type without what all begin with. */
function shortType(type: string): string {
  return type.replace(/^muniment\./, "");
}

function Standing({ of }: { of: Webhook }) {
  const { say, number, time } = useWords();
  const name = of.state === "stopped" ? "stopped" : of.failures > 0 ? "failing" : "told";
  return (
    <>
      <Badge tone={name === "told" ? "good" : name === "failing" ? "warn" : "bad"}>
        {say(`webhook-state.${name}`)}
      </Badge>
      {of.failures > 0 && (
        <>
          <br />
          <span class="quiet">{say("webhook-failures", { count: number(of.failures) })}</span>
        </>
      )}
      {of.fault !== null && (
        <>
          <br />
          <span lang="en">{of.fault}</span>
        </>
      )}
      {of.state === "active" && of.next_at !== null && (
        <>
          <br />
          <span class="quiet">{say("webhook-next", { time: time(secondsOf(of.next_at)) })}</span>
        </>
      )}
    </>
  );
}

interface FromProperties {
  /** An event's id, `start`, or empty for from now on. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hasNow?: boolean;
}

/** From which event on somebody is told. */
function From({ value, onChange, hasNow = false }: FromProperties) {
  const { say } = useWords();
  const [kind, setKind] = useState<"now" | "start" | "event">(hasNow ? "now" : "start");
  const choose = (chosen: typeof kind) => {
    setKind(chosen);
    onChange(chosen === "start" ? START : "");
  };
  return (
    <fieldset>
      <legend>{say("webhook-from")}</legend>
      <div class="choices">
        {(["now", "start", "event"] as const)
          .filter((each) => each !== "now" || hasNow)
          .map((each) => (
            <label key={each} class="check">
              <input
                type="radio"
                name="from"
                value={each}
                checked={kind === each}
                onChange={() => choose(each)}
              />
              <span>{say(`webhook-from.${each}`)}</span>
            </label>
          ))}
      </div>
      {kind === "event" && (
        <TextField
          label={say("event-id")}
          hint={say("event-id-hint")}
          required
          kind="code"
          value={value}
          onText={(text) => onChange(text.trim())}
        />
      )}
    </fieldset>
  );
}

function AddWebhook({ types, onClose }: { types: readonly string[]; onClose: () => void }) {
  const { say } = useWords();
  const [url, setUrl] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [from, setFrom] = useState("");
  const [problem, setProblem] = useState<unknown>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    try {
      const body = {
        url: url.trim(),
        types: [...chosen].sort(),
        ...(from === "" ? {} : { after: from }),
      };
      await call("POST", "/webhooks", { body });
      onClose();
    } catch (error) {
      setProblem(error);
    }
  }

  function toggle(type: string): void {
    const next = new Set(chosen);
    if (!next.delete(type)) next.add(type);
    setChosen(next);
  }

  return (
    <Dialog title={say("do.add-webhook")} onClose={onClose}>
      <form onSubmit={submit}>
        <TextField
          label={say("webhook-address")}
          hint={say("webhook-address-hint")}
          required
          value={url}
          onText={setUrl}
        />
        <fieldset>
          <legend>{say("webhook-events")}</legend>
          <p class="hint">{say("webhook-events-hint")}</p>
          <div class="choices">
            {types.map((each) => (
              <label key={each} class="check">
                <input
                  type="checkbox"
                  name="type"
                  value={each}
                  checked={chosen.has(each)}
                  onChange={() => toggle(each)}
                />
                <span class="mono">{shortType(each)}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <From value={from} onChange={setFrom} hasNow />
        {problem !== null && <ProblemNotice problem={problem} />}
        <Foot onClose={onClose}>{say("do.add-webhook")}</Foot>
      </form>
    </Dialog>
  );
}

interface OneProperties {
  readonly of: Webhook;
  readonly onClose: () => void;
}

function Replay({ of, onClose }: OneProperties) {
  const { say } = useWords();
  const [from, setFrom] = useState(START);
  const [problem, setProblem] = useState<unknown>(null);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await call("POST", `/webhooks/${of.webhook}/replay`, { body: { after: from } });
      onClose();
    } catch (error) {
      setProblem(error);
    }
  }
  return (
    <Dialog title={say("do.replay-webhook")} onClose={onClose}>
      <p class="lead">{say("replay-webhook-lead", { address: of.url })}</p>
      <form onSubmit={submit}>
        <From value={from} onChange={setFrom} />
        {problem !== null && <ProblemNotice problem={problem} />}
        <Foot onClose={onClose}>{say("do.replay-webhook")}</Foot>
      </form>
    </Dialog>
  );
}

function Remove({ of, onClose }: OneProperties) {
  const { say } = useWords();
  const [problem, setProblem] = useState<unknown>(null);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await call("DELETE", `/webhooks/${of.webhook}`);
      onClose();
    } catch (error) {
      setProblem(error);
    }
  }
  return (
    <Dialog title={say("do.remove-webhook")} onClose={onClose}>
      <form onSubmit={submit}>
        <Notice tone="warn">
          <p>{say("remove-webhook-lead", { address: of.url })}</p>
        </Notice>
        {problem !== null && <ProblemNotice problem={problem} />}
        <Foot onClose={onClose}>{say("do.remove-webhook")}</Foot>
      </form>
    </Dialog>
  );
}
