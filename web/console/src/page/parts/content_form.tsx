// SPDX-License-Identifier: Apache-2.0
/** The form of a record type: what its schema asks for, and the files that go with it. */

import { useMemo, useState } from "preact/hooks";
import { controlsOf, readTyped, typedOf, type Control, type Fault, type Typed } from "../../core/schema_form.ts";
import { Drop, Field } from "./parts.tsx";
import { useWords } from "../words/language.tsx";
import type { Phrase } from "../words/catalogue.ts";

export interface Filled {
  readonly content: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, File>;
}

export interface ContentForm {
  readonly controls: readonly Control[];
  readonly typed: Readonly<Record<string, Typed>>;
  readonly files: ReadonlyMap<string, File>;
  readonly faults: Readonly<Record<string, Fault>>;
  readonly change: (name: string, typed: Typed) => void;
  readonly attach: (name: string, file: File) => void;
  /** Faults that the gateway found, by field. */
  readonly refuse: (faults: Readonly<Record<string, Fault>>) => void;
  /** What was filled in; null where something is wrong with it, which then stands beside it. */
  readonly read: () => Filled | null;
}

export function useContentForm(
  schema: Readonly<Record<string, any>>,
  before: Readonly<Record<string, unknown>> = {},
): ContentForm {
  const controls = useMemo(() => controlsOf(schema), [schema]);
  const [typed, setTyped] = useState<Record<string, Typed>>(() =>
    Object.fromEntries(controls.map((each) => [each.name, typedOf(each, before[each.name])])),
  );
  const [files, setFiles] = useState<ReadonlyMap<string, File>>(new Map());
  const [faults, setFaults] = useState<Record<string, Fault>>({});
  return {
    controls,
    typed,
    files,
    faults,
    change: (name, value) => {
      setTyped((now) => ({ ...now, [name]: value }));
      setFaults(({ [name]: _, ...others }) => others);
    },
    attach: (name, file) => {
      setFiles((now) => new Map(now).set(name, file));
      setFaults(({ [name]: _, ...others }) => others);
    },
    refuse: setFaults,
    read: () => {
      const content: Record<string, unknown> = {};
      const found: Record<string, Fault> = {};
      for (const control of controls) {
        const { name } = control;
        if (control.kind === "file") {
          // A version has the files that are given with it: an earlier one's do not go over.
          if (!files.has(name) && control.required) found[name] = { name: "required", values: {} };
          continue;
        }
        const read = readTyped(control, typed[name] ?? "");
        if ("fault" in read) found[name] = read.fault;
        else if ("value" in read) content[name] = read.value;
      }
      setFaults(found);
      const [first] = controls.filter((each) => found[each.name] !== undefined);
      if (first === undefined) return { content, files };
      document.querySelector<HTMLElement>(`[data-field="${CSS.escape(first.name)}"]`)?.focus();
      return null;
    },
  };
}

export function ContentFields({ form }: { form: ContentForm }) {
  const { say } = useWords();
  return (
    <div class="content-fields">
      {form.controls.map((control) => {
        const found = form.faults[control.name];
        const fault =
          found === undefined ? undefined : say(`fault.${found.name}` as Phrase, found.values);
        return <ControlField key={control.name} control={control} form={form} fault={fault} />;
      })}
    </div>
  );
}

interface ControlProperties {
  readonly control: Control;
  readonly form: ContentForm;
  readonly fault: string | undefined;
}

function ControlField({ control, form, fault }: ControlProperties) {
  const { say } = useWords();
  const { name, kind, schema } = control;
  const value = form.typed[name] ?? "";
  const hint = control.description || hintOf(control, say);
  if (kind === "boolean") {
    return (
      <div class="field whole">
        <label class="check">
          <input
            type="checkbox"
            data-field={name}
            checked={value === true}
            onChange={(event) => form.change(name, event.currentTarget.checked)}
          />
          <span>
            <b>{control.title}</b>
            {hint !== "" && <span class="quiet"> {hint}</span>}
          </span>
        </label>
      </div>
    );
  }
  if (kind === "file") {
    return (
      <div class="field whole">
        <span class="label">
          {control.title} {!control.required && <span class="optional">{say("optional")}</span>}
        </span>
        <Drop
          label={say("choose-file-for", { field: control.title })}
          {...(hint === "" ? {} : { hint })}
          file={form.files.get(name) ?? null}
          field={name}
          onFile={(file) => form.attach(name, file)}
        />
        {fault !== undefined && <p class="fault">{fault}</p>}
      </div>
    );
  }
  const onInput = (event: { currentTarget: { value: string } }) =>
    form.change(name, event.currentTarget.value);
  return (
    <Field
      label={control.title}
      hint={hint}
      fault={fault}
      required={control.required}
      isWhole={kind === "long" || kind === "json"}
    >
      {({ required: _, ...attributes }) => {
        const shared = { ...attributes, "data-field": name, value: String(value), onInput };
        const needed = control.required ? { "aria-required": true } : {};
        if (kind === "choice") {
          return (
            <select {...shared} {...needed}>
              <option value="" />
              {control.choices.map((each) => (
                <option key={each} value={String(each)}>
                  {each}
                </option>
              ))}
            </select>
          );
        }
        if (kind === "long" || kind === "json") {
          return <textarea {...shared} {...needed} {...(kind === "json" ? { class: "mono" } : {})} />;
        }
        const type = { date: "date", instant: "datetime-local" }[kind as string] ?? "text";
        const mode = { integer: "numeric", decimal: "decimal" }[kind as string];
        return (
          <input
            {...shared}
            {...needed}
            type={type as "text"}
            {...(mode === undefined ? {} : { inputMode: mode as "numeric" | "decimal" })}
            {...(kind === "instant" ? { step: 1 } : {})}
            {...(schema["examples"]?.[0] === undefined
              ? {}
              : { placeholder: String(schema["examples"][0]) })}
          />
        );
      }}
    </Field>
  );
}

function hintOf(control: Control, say: ReturnType<typeof useWords>["say"]): string {
  switch (control.kind) {
    case "instant":
      return say("hint-utc");
    case "decimal":
      return say("hint-decimal");
    case "json":
      return say("hint-json");
    default:
      return "";
  }
}
