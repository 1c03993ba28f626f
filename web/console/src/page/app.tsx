// SPDX-License-Identifier: Apache-2.0
/** The frame around every page, and which page an address names. */

import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { whenSignedOut } from "../api/client.ts";
import { currentSession, signOut } from "../api/session.ts";
import { forgetKeystore } from "./acting/signing.ts";
import { AgencyKeys } from "./pages/agency_keys.tsx";
import { Deliveries } from "./pages/deliveries.tsx";
import { Delivery } from "./pages/delivery.tsx";
import { FindRecords } from "./pages/find_records.tsx";
import { HandoverPage } from "./pages/handover.tsx";
import { Holds } from "./pages/holds.tsx";
import { ImportRecords } from "./pages/import_records.tsx";
import { Inbox, useWaiting } from "./pages/inbox.tsx";
import { Journals } from "./pages/journals.tsx";
import { Officers } from "./pages/officers.tsx";
import { Overview } from "./pages/overview.tsx";
import { RecordPage } from "./pages/record_page.tsx";
import { RecordTypes } from "./pages/record_types.tsx";
import { RegisterRecord } from "./pages/register_record.tsx";
import { Retention } from "./pages/retention.tsx";
import { Shares } from "./pages/shares.tsx";
import { SignIn } from "./pages/sign_in.tsx";
import { Tokens } from "./pages/tokens.tsx";
import { Webhooks } from "./pages/webhooks.tsx";
import { Glyph, Mark, type GlyphName } from "./parts/glyphs.tsx";
import { Empty, Notice, ProblemNotice } from "./parts/parts.tsx";
import { usePlace, type Place } from "./router.ts";
import { can, SessionContext, useSession, type Session } from "./session.tsx";
import type { Language, Phrase } from "./words/catalogue.ts";
import { firstLanguage, keepLanguage, useWords, WordsContext, wordsIn } from "./words/language.tsx";

/** Who is signed in, or why nobody is: a session that is over, or none; unknown at first. */
type Standing = Session | "ended" | "nobody" | undefined;

export function App() {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const words = useMemo(() => wordsIn(language), [language]);
  const [session, setSession] = useState<Standing>(undefined);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    keepLanguage(language);
  }, [language]);
  const load = useCallback(() => {
    currentSession()
      .then((found) => setSession(found ?? "nobody"))
      .catch(setProblem);
  }, []);
  useEffect(() => {
    whenSignedOut(() => {
      forgetKeystore();
      setSession((before) => (typeof before === "object" ? "ended" : (before ?? "nobody")));
    });
    load();
  }, []);
  const languages = <Languages language={language} onChoose={setLanguage} />;
  return (
    <WordsContext.Provider value={words}>
      {problem !== null && (
        <main>
          <ProblemNotice problem={problem} />
        </main>
      )}
      {problem === null && typeof session === "string" && (
        <SignIn languages={languages} hasEnded={session === "ended"} onSignedIn={setSession} />
      )}
      {problem === null && typeof session === "object" && (
        <SessionContext.Provider value={session}>
          <Framed session={session} languages={languages} onChanged={load} onLeft={() => setSession("nobody")} />
        </SessionContext.Provider>
      )}
    </WordsContext.Provider>
  );
}

function Languages({ language, onChoose }: { language: Language; onChoose: (chosen: Language) => void }) {
  const { say } = useWords();
  return (
    <div class="languages" role="group" aria-label={say("language")}>
      {(["en", "zh"] as const).map((each) => (
        <button
          key={each}
          type="button"
          id={`language-${each}`}
          lang={each === "zh" ? "zh-CN" : "en"}
          aria-pressed={each === language}
          onClick={() => onChoose(each)}
        >
          {each === "zh" ? "中文" : "English"}
        </button>
      ))}
    </div>
  );
}

interface Link {
  readonly to: string;
  readonly glyph: GlyphName;
  readonly name: Phrase;
  readonly roles?: readonly string[];
  /** Shows what is public on chain alone: who sees to agencies from outside goes there too. */
  readonly isPublic?: true;
}

const GROUPS: readonly { readonly name: Phrase; readonly links: readonly Link[] }[] = [
  {
    name: "nav-records",
    links: [
      { to: "overview", glyph: "overview", name: "overview" },
      { to: "find", glyph: "find", name: "find" },
      { to: "register", glyph: "register", name: "register", roles: ["registrar"] },
      { to: "import", glyph: "import", name: "import", roles: ["registrar"] },
    ],
  },
  {
    name: "nav-decisions",
    links: [
      { to: "inbox", glyph: "inbox", name: "inbox", isPublic: true },
      { to: "shares", glyph: "shares", name: "shares", roles: ["steward", "registrar", "admin"] },
      { to: "deliveries", glyph: "deliveries", name: "deliveries", roles: ["steward", "registrar", "admin"] },
      { to: "holds", glyph: "hold", name: "holds" },
      { to: "retention", glyph: "retention", name: "retention" },
    ],
  },
  {
    name: "nav-agency",
    links: [
      { to: "officers", glyph: "officers", name: "officers", isPublic: true },
      { to: "keys", glyph: "keys", name: "keys", isPublic: true },
      { to: "types", glyph: "types", name: "types", isPublic: true },
      { to: "journals", glyph: "journals", name: "journals" },
      { to: "tokens", glyph: "tokens", name: "tokens", roles: ["admin"] },
      { to: "webhooks", glyph: "webhooks", name: "webhooks", roles: ["admin"] },
    ],
  },
];

/** Whether a page is for who is signed in. */
function isFor(session: Session, link: Link): boolean {
  const isSeen = link.isPublic === true || session.scopes.includes("read");
  return isSeen && (link.roles === undefined || can(session, ...link.roles));
}

/** The page that one begins at. */
function home(session: Session): string {
  return session.scopes.includes("read") ? "overview" : "officers";
}

interface FramedProperties {
  readonly session: Session;
  readonly languages: ComponentChildren;
  readonly onChanged: () => void;
  readonly onLeft: () => void;
}

function Framed({ session, languages, onChanged, onLeft }: FramedProperties) {
  const { say, sayOf } = useWords();
  const place = usePlace();
  const [isOpen, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const waiting = useWaiting(place);
  const here = place.parts[0] ?? home(session);
  const path = place.parts.join("/");
  useEffect(() => {
    const link = GROUPS.flatMap((each) => each.links).find((each) => each.to === here);
    document.title = `${link === undefined ? "" : `${say(link.name)} · `}${say("product")}`;
    setOpen(false);
    // Where a page changes, the focus goes to it, so that screen readers begin there.
    if (isFirst.current) isFirst.current = false;
    else {
      main.current?.focus();
      scrollTo(0, 0);
    }
  }, [path]);
  return (
    <div class="frame">
      <a
        class="skip"
        href={`#/${path}`}
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {say("skip-to-content")}
      </a>
      <div class={`side ${isOpen ? "open" : ""}`}>
        <div class="side-top">
          <a class="brand" href={`#/${home(session)}`}>
            <Mark /> Muniment
          </a>
          <button type="button" class="menu-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <Glyph name="menu" /> {say("menu")}
          </button>
        </div>
        <p class="side-agency">
          <strong>{session.agencyName}</strong>
          <span>{say("agency-number", { number: session.agency })}</span>
        </p>
        <nav aria-label={say("navigation")}>
          {GROUPS.map((group) => {
            const links = group.links.filter((each) => isFor(session, each));
            return links.length === 0 ? null : (
              <div key={group.name}>
                <h2>{say(group.name)}</h2>
                <ul>
                  {links.map((each) => (
                    <li key={each.to}>
                      <a
                        href={`#/${each.to}`}
                        {...(each.to === here ? { "aria-current": "page" as const } : {})}
                      >
                        <Glyph name={each.glyph} />
                        {say(each.name)}
                        {each.to === "inbox" && waiting > 0 && <span class="count">{waiting}</span>}
                      </a>
                    </li>
                  ))}
                </ul>
              </div>
            );
          })}
        </nav>
        <div class="side-foot">
          <p>
            <strong>{session.name}</strong>
            <br />
            <span class="roles">
              {session.roles.map((each) => sayOf(`role.${each}`, each)).join(" · ") || say("no-roles")}
            </span>
          </p>
          <p>{languages}</p>
          <button
            type="button"
            onClick={async () => {
              forgetKeystore();
              await signOut().catch(() => {});
              onLeft();
            }}
          >
            {say("sign-out")}
          </button>
        </div>
      </div>
      <main ref={main} tabIndex={-1} id="main" key={path}>
        <Page place={place} onChanged={onChanged} />
      </main>
    </div>
  );
}

function Page({ place, onChanged }: { place: Place; onChanged: () => void }) {
  const { say } = useWords();
  const session = useSession();
  const [name = home(session), first] = place.parts;
  const link = GROUPS.flatMap((each) => each.links).find((each) => each.to === name);
  if (link !== undefined && !isFor(session, link)) {
    return (
      <Notice tone="warn">
        <h1>{say("not-for-you")}</h1>
        <p>{say("not-your-role")}</p>
      </Notice>
    );
  }
  switch (name) {
    case "overview":
      return <Overview />;
    case "find":
      return <FindRecords query={place.query} />;
    case "register":
      return <RegisterRecord type={first ?? null} />;
    case "records":
      if (first !== undefined) return <RecordPage record={first} />;
      break;
    case "import":
      return <ImportRecords />;
    case "inbox":
      return <Inbox />;
    case "shares":
      return <Shares />;
    case "deliveries":
      return first === undefined ? <Deliveries share={place.query.get("share")} /> : <Delivery digest={first} />;
    case "handovers":
      if (first !== undefined) return <HandoverPage handover={first} />;
      break;
    case "holds":
      return <Holds />;
    case "retention":
      return <Retention />;
    case "officers":
      return <Officers />;
    case "keys":
      return <AgencyKeys />;
    case "types":
      return <RecordTypes onChanged={onChanged} />;
    case "journals":
      return <Journals shown={first ?? null} />;
    case "tokens":
      return <Tokens />;
    case "webhooks":
      return <Webhooks />;
  }
  return (
    <Empty glyph="find">
      <h1>{say("not-found")}</h1>
      <p>
        <a href={`#/${home(session)}`}>{say("back-to-overview")}</a>
      </p>
    </Empty>
  );
}
