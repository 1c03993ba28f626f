// SPDX-License-Identifier: Apache-2.0
/**
 * The way back from lost keys: the registry admin announces that one account replaces all officers
 * of an agency; who acts for it may cancel that until the delay is over.
 */

import { useState } from "preact/hooks";
import { checksummed, isAddress } from "../../core/transactions.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { AgencyOptions, Foot } from "../acting/act_forms.tsx";
import {
  cancelReplacementAct,
  executeReplacementAct,
  scheduleReplacementAct,
  type Act,
} from "../acting/acts.ts";
import { Irreversible } from "../acting/irreversible.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Card, Dialog, Field, Notice, Shown, TextField, useResource } from "../parts/parts.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";

interface Announced {
  readonly new_admin: string;
  readonly announced_at: string;
  readonly ready_at: string;
  readonly lapses_at: string;
}

type Asking = "schedule" | "execute";

export function Replacement({ onChanged }: { onChanged: () => void }) {
  const { say } = useWords();
  const session = useSession();
  const seesAll = can(session, "registry_admin", "guardian");
  const [agency, setAgency] = useState(session.agency);
  const found = useResource<{ replacement: Announced | null }>(`/agencies/${agency}/officers`);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [act, setAct] = useState<Act | null>(null);
  const changed = () => {
    found.reload();
    onChanged();
  };
  const begin = (made: Act) => {
    setAsking(null);
    setAct(made);
  };
  return (
    <Card title={say("replacement")}>
      <p class="quiet">{say("replacement-lead")}</p>
      {seesAll && (
        <Field label={say("agency")} required>
          {(attributes) => (
            <select
              {...attributes}
              name="agency"
              value={agency}
              onChange={(event) => setAgency(Number(event.currentTarget.value))}
            >
              <AgencyOptions of={session.agencies} />
            </select>
          )}
        </Field>
      )}
      <Shown of={found}>
        {({ replacement }) => (
          <Standing of={replacement} agency={agency} onAsking={setAsking} onAct={setAct} />
        )}
      </Shown>
      {asking === "schedule" && (
        <Schedule agency={agency} onClose={() => setAsking(null)} onAct={begin} />
      )}
      {asking === "execute" && (
        <Irreversible
          title={say("do.execute-replacement")}
          lead={say("execute-replacement-lead")}
          word={String(agency)}
          onClose={() => setAsking(null)}
          onMeant={() => begin(executeReplacementAct(say("do.execute-replacement"), agency))}
        />
      )}
      {act !== null && (
        <ActDialog
          act={act}
          onDone={changed}
          onClose={() => {
            setAct(null);
            changed();
          }}
        />
      )}
    </Card>
  );
}

interface StandingProperties {
  readonly of: Announced | null;
  readonly agency: number;
  readonly onAsking: (asking: Asking) => void;
  readonly onAct: (act: Act) => void;
}

function Standing({ of, agency, onAsking, onAct }: StandingProperties) {
  const { say, time } = useWords();
  const session = useSession();
  const isRegistryAdmin = can(session, "registry_admin");
  const mayCancel =
    isRegistryAdmin ||
    can(session, "guardian") ||
    (agency === session.agency && can(session, "admin"));
  const now = Date.now() / 1000;
  const isLapsed = of !== null && secondsOf(of.lapses_at) < now;
  if (of === null || isLapsed) {
    return (
      <>
        <p>{say(isLapsed ? "replacement-lapsed" : "no-replacement")}</p>
        {isRegistryAdmin && (
          <div class="controls">
            <button type="button" class="danger" onClick={() => onAsking("schedule")}>
              {say("do.schedule-replacement")}
            </button>
          </div>
        )}
      </>
    );
  }
  const isReady = secondsOf(of.ready_at) <= now;
  return (
    <>
      <Notice tone="warn">
        <p>
          <strong>{say("replacement-announced")}</strong>
        </p>
        <p>{say(isReady ? "replacement-ready" : "replacement-waits")}</p>
      </Notice>
      <dl class="facts">
        <dt>{say("argument.newAdmin")}</dt>
        <dd class="mono">{checksummed(of.new_admin)}</dd>
        <dt>{say("announced-at")}</dt>
        <dd>{time(secondsOf(of.announced_at))}</dd>
        <dt>{say("ready-at")}</dt>
        <dd>{time(secondsOf(of.ready_at))}</dd>
        <dt>{say("lapses-at")}</dt>
        <dd>{time(secondsOf(of.lapses_at))}</dd>
      </dl>
      <div class="controls">
        {mayCancel && (
          <button
            type="button"
            onClick={() => onAct(cancelReplacementAct(say("do.cancel-replacement"), agency))}
          >
            {say("do.cancel-replacement")}
          </button>
        )}
        {isRegistryAdmin && isReady && (
          <button type="button" class="danger" onClick={() => onAsking("execute")}>
            {say("do.execute-replacement")}
          </button>
        )}
      </div>
    </>
  );
}

interface ScheduleProperties {
  readonly agency: number;
  readonly onClose: () => void;
  readonly onAct: (act: Act) => void;
}

function Schedule({ agency, onClose, onAct }: ScheduleProperties) {
  const { say } = useWords();
  const [account, setAccount] = useState("");
  const [fault, setFault] = useState<string | undefined>(undefined);
  const title = say("do.schedule-replacement");
  function submit(event: Event): void {
    event.preventDefault();
    if (isAddress(account.trim())) {
      onAct(scheduleReplacementAct(title, agency, checksummed(account.trim())));
    } else {
      setFault(say("fault.address"));
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="lead">{say("schedule-replacement-lead")}</p>
      <form onSubmit={submit} noValidate>
        <TextField
          label={say("argument.newAdmin")}
          hint={say("account-hint")}
          fault={fault}
          required
          kind="code"
          value={account}
          onText={setAccount}
        />
        <Foot onClose={onClose}>{say("check-and-sign")}</Foot>
      </form>
    </Dialog>
  );
}
