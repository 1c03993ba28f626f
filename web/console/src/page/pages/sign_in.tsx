// SPDX-License-Identifier: Apache-2.0
/** Where officers sign in. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { signIn, waysToSignIn, type Ways } from "../../api/session.ts";
import { useEffect } from "preact/hooks";
import { Mark } from "../parts/glyphs.tsx";
import { Field, Notice, ProblemNotice } from "../parts/parts.tsx";
import type { Session } from "../session.tsx";
import { useWords } from "../words/language.tsx";

interface SignInProperties {
  readonly languages: ComponentChildren;
  /** Whether who was signed in must do it again. */
  readonly hasEnded: boolean;
  readonly onSignedIn: (session: Session) => void;
}

export function SignIn({ languages, hasEnded, onSignedIn }: SignInProperties) {
  const { say } = useWords();
  const [ways, setWays] = useState<Ways>({ password: true, openid: false });
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const [isWorking, setWorking] = useState(false);
  useEffect(() => {
    document.title = `${say("sign-in")} · ${say("product")}`;
    waysToSignIn().then(setWays).catch(setProblem);
  }, []);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setWorking(true);
    setProblem(null);
    try {
      onSignedIn(await signIn(name, password));
    } catch (error) {
      setProblem(error);
      setWorking(false);
    }
  }

  return (
    <div class="gate">
      <header class="gate-about">
        <span class="brand">
          <Mark /> Muniment
        </span>
        <div>
          <h2>{say("sign-in-about")}</h2>
          <p>{say("sign-in-keys")}</p>
        </div>
        <small>
          {say("sign-in-verify")}{" "}
          <a class="on-side" href="/verify">
            {say("verify-link")}
          </a>
        </small>
      </header>
      <main>
        <div class="gate-form">
          <h1>{say("sign-in-title")}</h1>
          {hasEnded && (
            <Notice tone="warn">
              <p>{say("session-ended")}</p>
            </Notice>
          )}
          {ways.password && (
            <form onSubmit={submit} class="stack">
              <Field label={say("account-name")} required>
                {(attributes) => (
                  <input
                    {...attributes}
                    name="username"
                    autocomplete="username"
                    autocapitalize="none"
                    value={name}
                    onInput={(event) => setName(event.currentTarget.value)}
                  />
                )}
              </Field>
              <Field label={say("password")} required>
                {(attributes) => (
                  <input
                    {...attributes}
                    name="password"
                    type="password"
                    autocomplete="current-password"
                    value={password}
                    onInput={(event) => setPassword(event.currentTarget.value)}
                  />
                )}
              </Field>
              {problem !== null && <ProblemNotice problem={problem} />}
              <div class="controls">
                <button type="submit" class="primary" disabled={isWorking}>
                  {say("sign-in")}
                </button>
              </div>
            </form>
          )}
          {ways.password && ways.openid && <p class="or">{say("or")}</p>}
          {ways.openid && (
            <a class="button" href="/session/openid">
              {say("sign-in-openid")}
            </a>
          )}
          <p class="gate-foot">{languages}</p>
        </div>
      </main>
    </div>
  );
}
