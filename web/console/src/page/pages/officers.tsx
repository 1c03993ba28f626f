// SPDX-License-Identifier: Apache-2.0
/** The agency's officers on chain, and the accounts by which they sign in here. */

import { useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { checksummed, isAddress } from "../../core/transactions.ts";
import { ActDialog } from "../acting/act_dialog.tsx";
import { Foot } from "../acting/act_forms.tsx";
import { officerAct, type Act, type Role } from "../acting/acts.ts";
import { roleId } from "../acting/plain_words.tsx";
import { Glyph } from "../parts/glyphs.tsx";
import { secondsOf } from "../parts/instants.ts";
import { Badge, Card, Dialog, Field, PageHead, ProblemNotice, Shown, TextField, useResource } from "../parts/parts.tsx";
import { TableOf } from "../parts/tables.tsx";
import { can, useSession } from "../session.tsx";
import { useWords } from "../words/language.tsx";
import { Replacement } from "./replacement.tsx";

interface Officer {
  readonly role: string;
  readonly account: string;
}

interface Account {
  readonly name: string;
  readonly address: string;
  readonly has_password: boolean;
  readonly openid_subject: string | null;
  readonly roles: readonly string[];
  readonly created_at: string;
  readonly disabled_at: string | null;
}

const ROLES: readonly Role[] = ["admin", "registrar", "steward", "operator"];
const CHAIN_NAMES: Readonly<Record<Role, string>> = {
  admin: "AGENCY_ADMIN",
  registrar: "REGISTRAR",
  steward: "STEWARD",
  operator: "OPERATOR",
};

function roleOf(officer: Officer): Role | undefined {
  return ROLES.find((each) => CHAIN_NAMES[each].toLowerCase() === officer.role);
}

export function Officers() {
  const { say, sayOf } = useWords();
  const session = useSession();
  const isAdmin = can(session, "admin");
  const officers = useResource<{ items: readonly Officer[] }>(`/agencies/${session.agency}/officers`);
  const accounts = useResource<{ items: readonly Account[] }>(isAdmin ? "/accounts" : null);
  const [isAdding, setAdding] = useState(false);
  const [isAddingAccount, setAddingAccount] = useState(false);
  const [act, setAct] = useState<Act | null>(null);
  const nameOf = (address: string) =>
    accounts.value?.items.find((each) => each.address.toLowerCase() === address.toLowerCase())?.name;

  function remove(officer: Officer): void {
    const role = roleOf(officer);
    if (role === undefined) return;
    const id = roleId(CHAIN_NAMES[role], session.agency);
    setAct(officerAct(say("do.remove-officer"), "remove", role, officer.account, id));
  }

  return (
    <>
      <PageHead title={say("officers")} lead={say("officers-lead")}>
        {isAdmin && (
          <button type="button" class="primary" onClick={() => setAdding(true)}>
            <Glyph name="officers" /> {say("do.add-officer")}
          </button>
        )}
      </PageHead>
      <Card title={say("officers-on-chain")}>
        <Shown of={officers}>
          {({ items }) => (
            <TableOf
              caption={say("officers-on-chain")}
              columns={[
                { title: say("argument.role") },
                { title: say("argument.account") },
                ...(isAdmin ? [{ title: say("account-name") }, { title: say("acts"), actions: true }] : []),
              ]}
              rows={items.map((each) => ({
                key: `${each.role}-${each.account}`,
                cells: [
                  sayOf(`role.${each.role}`, each.role),
                  <span class="mono">{checksummed(each.account)}</span>,
                  ...(isAdmin
                    ? [
                        nameOf(each.account) ?? "–",
                        roleOf(each) !== undefined ? (
                          <button type="button" class="small danger" onClick={() => remove(each)}>
                            {say("remove")}
                          </button>
                        ) : null,
                      ]
                    : []),
                ],
              }))}
            />
          )}
        </Shown>
      </Card>
      {isAdmin && (
        <Card
          title={say("accounts")}
          actions={
            <button type="button" class="small" onClick={() => setAddingAccount(true)}>
              {say("add-account")}
            </button>
          }
        >
          <p class="quiet">{say("accounts-lead")}</p>
          <Shown of={accounts}>
            {({ items }) => <AccountTable items={items} onChanged={accounts.reload} />}
          </Shown>
        </Card>
      )}
      <Replacement onChanged={officers.reload} />
      {isAdding && (
        <AddOfficer
          onClose={() => setAdding(false)}
          onAct={(made) => {
            setAdding(false);
            setAct(made);
          }}
        />
      )}
      {isAddingAccount && (
        <AddAccount
          onClose={() => {
            setAddingAccount(false);
            accounts.reload();
          }}
        />
      )}
      {act !== null && (
        <ActDialog
          act={act}
          onDone={officers.reload}
          onClose={() => {
            setAct(null);
            officers.reload();
          }}
        />
      )}
    </>
  );
}

function AccountTable({ items, onChanged }: { items: readonly Account[]; onChanged: () => void }) {
  const { say, sayOf, day } = useWords();
  const session = useSession();
  const [problem, setProblem] = useState<unknown>(null);
  async function disable(name: string): Promise<void> {
    try {
      await call("DELETE", `/accounts/${encodeURIComponent(name)}`);
      setProblem(null);
      onChanged();
    } catch (error) {
      setProblem(error);
    }
  }
  return (
    <>
      {problem !== null && <ProblemNotice problem={problem} />}
      <TableOf
        caption={say("accounts")}
        columns={[
          { title: say("account-name") },
          { title: say("argument.account") },
          { title: say("signs-in-by") },
          { title: say("roles") },
          { title: say("since") },
          { title: say("acts"), actions: true },
        ]}
        rows={items.map((each) => ({
          key: each.name,
          cells: [
            each.name,
            <span class="short">{checksummed(each.address).slice(0, 12)}…</span>,
            each.disabled_at !== null ? (
              <Badge tone="bad">{say("disabled")}</Badge>
            ) : (
              [each.has_password && say("password"), each.openid_subject !== null && "OpenID"]
                .filter(Boolean)
                .join(", ")
            ),
            each.roles.map((role) => sayOf(`role.${role}`, role)).join(", ") || say("no-roles"),
            day(secondsOf(each.created_at)),
            each.disabled_at === null && each.name !== session.name ? (
              <button type="button" class="small danger" onClick={() => disable(each.name)}>
                {say("disable")}
              </button>
            ) : null,
          ],
        }))}
      />
    </>
  );
}

function AddOfficer({ onClose, onAct }: { onClose: () => void; onAct: (act: Act) => void }) {
  const { say } = useWords();
  const { agency } = useSession();
  const [role, setRole] = useState<Role>("registrar");
  const [account, setAccount] = useState("");
  const [fault, setFault] = useState<string | undefined>(undefined);
  function submit(event: Event): void {
    event.preventDefault();
    const address = account.trim();
    if (!isAddress(address)) {
      setFault(say("fault.address"));
      return;
    }
    const id = roleId(CHAIN_NAMES[role], agency);
    onAct(officerAct(say("do.add-officer"), "add", role, checksummed(address), id));
  }
  return (
    <Dialog title={say("do.add-officer")} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Field label={say("argument.role")} hint={say(`role-hint.${role}`)} required>
          {(attributes) => (
            <select
              {...attributes}
              value={role}
              onChange={(event) => setRole(event.currentTarget.value as Role)}
            >
              {ROLES.map((each) => (
                <option key={each} value={each}>
                  {say(`role.${each}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          label={say("argument.account")}
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

function AddAccount({ onClose }: { onClose: () => void }) {
  const { say } = useWords();
  const [values, setValues] = useState({ name: "", address: "", password: "", subject: "" });
  const [problem, setProblem] = useState<unknown>(null);
  const change = (name: keyof typeof values) => (event: { currentTarget: { value: string } }) =>
    setValues({ ...values, [name]: event.currentTarget.value });
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const { name, address, password, subject } = values;
    try {
      const body = {
        name: name.trim(),
        address: address.trim(),
        ...(password === "" ? {} : { password }),
        ...(subject.trim() === "" ? {} : { openid_subject: subject.trim() }),
      };
      await call("POST", "/accounts", { body });
      onClose();
    } catch (error) {
      setProblem(error);
    }
  }
  return (
    <Dialog title={say("add-account")} onClose={onClose}>
      <form onSubmit={submit}>
        <Field label={say("account-name")} hint={say("account-name-hint")} required>
          {(attributes) => (
            <input {...attributes} autocomplete="off" value={values.name} onInput={change("name")} />
          )}
        </Field>
        <Field label={say("argument.account")} hint={say("account-hint")} required>
          {(attributes) => (
            <input {...attributes} class="mono" value={values.address} onInput={change("address")} />
          )}
        </Field>
        <Field label={say("password")} hint={say("new-password-hint")}>
          {(attributes) => (
            <input
              {...attributes}
              type="password"
              autocomplete="new-password"
              value={values.password}
              onInput={change("password")}
            />
          )}
        </Field>
        <Field label={say("openid-subject")}>
          {(attributes) => (
            <input {...attributes} value={values.subject} onInput={change("subject")} />
          )}
        </Field>
        {problem !== null && <ProblemNotice problem={problem} />}
        <Foot onClose={onClose}>{say("add-account")}</Foot>
      </form>
    </Dialog>
  );
}
