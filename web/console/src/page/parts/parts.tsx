// SPDX-License-Identifier: Apache-2.0
/** What pages are made of. */

import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { call, Problem } from "../../api/client.ts";
import { useWords } from "../words/language.tsx";
import { Glyph, type GlyphName } from "./glyphs.tsx";

export function Badge({ tone, children }: { tone: string; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const STATUS_TONES: Readonly<Record<string, string>> = {
  in_force: "good",
  superseded: "blue",
  revoked: "bad",
  disposed: "plain",
  none: "plain",
};

/** The status of a record, by the name that the gateway gives it. */
export function StatusBadge({ status }: { status: string }) {
  const { sayOf } = useWords();
  const name = status.replaceAll(" ", "_").replaceAll("-", "_");
  return <Badge tone={STATUS_TONES[name] ?? "plain"}>{sayOf(`status.${name}`, status)}</Badge>;
}

export function Notice({ tone, children }: { tone: string; children: ComponentChildren }) {
  const glyph: GlyphName = tone === "good" ? "check" : tone === "" ? "info" : "warning";
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Glyph name={glyph} />
      <div>{children}</div>
    </div>
  );
}

/** What went wrong, in words: the page's own where it has them, and what the gateway says. */
export function ProblemNotice({ problem }: { problem: unknown }) {
  const { say, sayOf } = useWords();
  if (!(problem instanceof Problem)) {
    return (
      <Notice tone="bad">
        <p>{say("page-failed")}</p>
        {problem instanceof Error && <p class="quiet">{problem.message}</p>}
      </Notice>
    );
  }
  const { body, status, kind } = problem;
  const words = sayOf(`problem.${kind}`, sayOf(`problem.${status}`, say("problem-other")));
  return (
    <Notice tone={status === 429 || status === 503 || status === 0 ? "warn" : "bad"}>
      <p>
        <strong>{words}</strong>
      </p>
      {body["detail"] !== undefined && <p lang="en">{body["detail"]}</p>}
      {body["remedy"] !== undefined && (
        <p class="quiet" lang="en">
          {body["remedy"]}
        </p>
      )}
    </Notice>
  );
}

export function Empty({ glyph, children }: { glyph: GlyphName; children: ComponentChildren }) {
  return (
    <div class="empty">
      <Glyph name={glyph} />
      <div>{children}</div>
    </div>
  );
}

interface HeadProperties {
  readonly title: ComponentChildren;
  readonly lead?: ComponentChildren;
  readonly back?: { readonly to: string; readonly name: string };
  readonly children?: ComponentChildren;
}

export function PageHead({ title, lead, back, children }: HeadProperties) {
  return (
    <div class="page-head">
      <div>
        {back !== undefined && (
          <p class="crumb">
            <a href={back.to}>← {back.name}</a>
          </p>
        )}
        <h1>{title}</h1>
        {lead !== undefined && <p class="lead">{lead}</p>}
      </div>
      {children !== undefined && <div class="controls">{children}</div>}
    </div>
  );
}

export function Card({ title, actions, children }: { title?: string; actions?: ComponentChildren; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="card" {...(title === undefined ? {} : { "aria-labelledby": id })}>
      {title !== undefined && (
        <div class="card-head">
          <h2 id={id}>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

/** A long hexadecimal text in short, whole for the mouse and for who copies it. */
export function Short({ value, link }: { value: string; link?: string }) {
  const shown = shortened(value);
  return link === undefined ? (
    <span class="short" title={value}>
      {shown}
    </span>
  ) : (
    <a class="short" href={link} title={value}>
      {shown}
    </a>
  );
}

export function shortened(value: string): string {
  return value.length > 18 ? `${value.slice(0, 10)}…${value.slice(-6)}` : value;
}

export interface FieldProperties {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly fault?: string | undefined;
  readonly required?: boolean;
  /** Over the whole width of a form in columns. */
  readonly isWhole?: boolean;
  /** Whether it is said that it may be left out: not where that goes without saying. */
  readonly isMarked?: boolean;
  readonly children: (attributes: {
    readonly id: string;
    readonly "aria-describedby"?: string;
    readonly "aria-invalid"?: true;
    readonly required?: boolean;
  }) => ComponentChildren;
}

/** A labelled control with its hint and its fault, both of which screen readers read with it. */
export function Field(properties: FieldProperties) {
  const { label, hint, fault, required = false, isWhole = false, isMarked = true } = properties;
  const id = useId();
  const { say } = useWords();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class={isWhole ? "field whole" : "field"}>
      <label for={id}>
        {label} {!required && isMarked && <span class="optional">{say("optional")}</span>}
      </label>
      {properties.children({
        id,
        ...(described === "" ? {} : { "aria-describedby": described }),
        ...(fault ? { "aria-invalid": true } : {}),
        ...(required ? { required } : {}),
      })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p class="fault" id={`${id}-fault`}>
          {fault}
        </p>
      )}
    </div>
  );
}

export interface TextFieldProperties extends Omit<FieldProperties, "children"> {
  readonly value: string;
  readonly onText: (text: string) => void;
  /** `code`: in letters of one width; `number`: small screens show digits. */
  readonly kind?: "code" | "number";
  readonly maxLength?: number;
}

/** A labelled line of text. */
export function TextField({ value, onText, kind, maxLength, ...field }: TextFieldProperties) {
  return (
    <Field {...field}>
      {(attributes) => (
        <input
          {...attributes}
          {...(kind === "code" ? { class: "mono", spellcheck: false } : {})}
          {...(kind === "number" ? { inputMode: "numeric" as const } : {})}
          {...(maxLength === undefined ? {} : { maxLength })}
          value={value}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** Names as they are typed in one line, between commas or spaces. */
export function namesIn(line: string): readonly string[] {
  return line.split(/[,，\s]+/).filter((each) => each !== "");
}

interface DropProperties {
  readonly label: string;
  readonly hint?: string;
  readonly accept?: string;
  readonly file: File | null;
  readonly onFile: (file: File) => void;
  readonly id?: string;
  /** The field of a record type that the file is for. */
  readonly field?: string;
}

/** Where a file is dropped, or chosen by mouse or keyboard. */
export function Drop({ label, hint, accept, file, onFile, id, field }: DropProperties) {
  const { say, bytes } = useWords();
  const [isOver, setOver] = useState(false);
  return (
    <label
      class={`drop ${isOver ? "over" : ""} ${file === null ? "" : "filled"}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = event.dataTransfer?.files[0];
        if (dropped !== undefined) onFile(dropped);
      }}
    >
      <Glyph name="file" />
      {file === null ? (
        <span>
          <strong>{label}</strong> {say("or-drop")}
        </span>
      ) : (
        <span>
          <strong>{file.name}</strong> · {bytes(file.size)}
        </span>
      )}
      {hint !== undefined && <span class="quiet">{hint}</span>}
      <input
        type="file"
        {...(id === undefined ? {} : { id })}
        {...(accept === undefined ? {} : { accept })}
        {...(field === undefined ? {} : { "data-field": field })}
        aria-label={label}
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0];
          if (chosen !== undefined) onFile(chosen);
        }}
      />
    </label>
  );
}

interface DialogProperties {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus in it, and Escape closes it. */
export function Dialog({ title, onClose, children }: DialogProperties) {
  const here = useRef<HTMLDialogElement>(null);
  const id = useId();
  // At once, not after painting: who is quick would type into the page behind.
  useLayoutEffect(() => {
    const dialog = here.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={here}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

export interface Resource<T> {
  readonly value: T | null;
  readonly problem: unknown;
  readonly reload: () => void;
}

/** What the gateway answers to a GET, asked anew when `path` changes and by `reload`. */
export function useResource<T = any>(path: string | null): Resource<T> {
  const [state, setState] = useState<{ path: string | null; value: T | null; problem: unknown }>({
    path: null,
    value: null,
    problem: null,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    call("GET", path, { signal: stop.signal })
      .then((value) => setState({ path, value, problem: null }))
      .catch((problem) => {
        if (!stop.signal.aborted) setState({ path, value: null, problem });
      });
    return () => stop.abort();
  }, [path, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const isOther = state.path !== path;
  return {
    value: isOther ? null : state.value,
    problem: isOther ? null : state.problem,
    reload,
  };
}

/** A resource's page: what it shows, that it is being asked for, or what went wrong. */
export function Shown<T>({ of, children }: { of: Resource<T>; children: (value: T) => ComponentChildren }) {
  const { say } = useWords();
  if (of.problem !== null) return <ProblemNotice problem={of.problem} />;
  if (of.value === null) {
    return (
      <p class="quiet" role="status">
        {say("loading")}
      </p>
    );
  }
  return <>{children(of.value)}</>;
}

/** Offers bytes as a file that the browser saves. */
export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
