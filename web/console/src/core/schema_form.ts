// SPDX-License-Identifier: Apache-2.0
/**
 * Forms of record types: which controls a JSON Schema asks for, and the values of what was typed.
 *
 * The gateway checks content against the whole schema; what is checked here is said beside the field
 * before anything is sent.
 */

export type ControlKind =
  | "text"
  | "long"
  | "integer"
  | "decimal"
  | "date"
  | "instant"
  | "boolean"
  | "choice"
  | "file"
  | "json";

export interface Control {
  readonly name: string;
  readonly kind: ControlKind;
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  readonly choices: readonly (string | number)[];
  readonly schema: Readonly<Record<string, any>>;
}

/** What is wrong with what was typed: a phrase `fault.…`, with its values. */
export interface Fault {
  readonly name: string;
  readonly values: Readonly<Record<string, string | number>>;
}

export type Typed = string | boolean;
export type Read = { readonly value: unknown } | { readonly fault: Fault } | { readonly empty: true };

const FILE = "#/$defs/file";
const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const INTEGER = /^-?(0|[1-9]\d*)$/;

/** The controls of a record type's schema, required ones first, else in the schema's order. */
export function controlsOf(schema: Readonly<Record<string, any>>): Control[] {
  const required: readonly string[] = schema["required"] ?? [];
  const controls = Object.entries<any>(schema["properties"] ?? {}).map(([name, part]) =>
    controlOf(name, part, schema, required.includes(name)),
  );
  return [...controls.filter((each) => each.required), ...controls.filter((each) => !each.required)];
}

function controlOf(name: string, part: any, whole: any, required: boolean): Control {
  const isFile = part?.$ref === FILE;
  const schema = isFile ? {} : resolved(part, whole);
  const choices = (schema["enum"] ?? []).filter((each: unknown) => each !== null);
  return {
    name,
    kind: isFile ? "file" : kindOf(schema, choices),
    title: part?.title ?? schema["title"] ?? name,
    description: part?.description ?? schema["description"] ?? "",
    required,
    choices,
    schema,
  };
}

function resolved(part: any, whole: any): Readonly<Record<string, any>> {
  let found = part;
  for (let steps = 0; typeof found?.$ref === "string" && steps < 8; steps++) {
    if (!found.$ref.startsWith("#/")) return {};
    found = found.$ref
      .slice(2)
      .split("/")
      .reduce((at: any, each: string) => at?.[each.replaceAll("~1", "/").replaceAll("~0", "~")], whole);
  }
  return typeof found === "object" && found !== null ? found : {};
}

function kindOf(schema: Readonly<Record<string, any>>, choices: readonly unknown[]): ControlKind {
  const isPlain = (each: unknown) => typeof each === "string" || typeof each === "number";
  if (choices.length > 0 && choices.every(isPlain)) return "choice";
  const types: readonly string[] = [schema["type"] ?? "string"].flat();
  const type = types.find((each) => each !== "null");
  if (type === "integer") return "integer";
  if (type === "boolean") return "boolean";
  if (type !== "string") return "json";
  switch (schema["format"]) {
    case "date":
      return "date";
    case "date-time":
      return "instant";
    case "decimal":
      return "decimal";
  }
  return (schema["maxLength"] ?? 0) > 200 || schema["contentMediaType"] ? "long" : "text";
}

/** The value of what was typed, or what is wrong with it. */
export function readTyped(control: Control, typed: Typed): Read {
  if (typeof typed === "boolean") return { value: typed };
  const text = control.kind === "long" ? typed : typed.trim();
  if (text === "") return control.required ? fault("required") : { empty: true };
  const { schema } = control;
  switch (control.kind) {
    case "choice":
      return { value: control.choices.find((each) => String(each) === text) };
    case "integer": {
      const value = Number(text);
      if (!INTEGER.test(text)) return fault("integer");
      if (!Number.isSafeInteger(value)) return fault("too-large");
      if (schema["minimum"] !== undefined && value < schema["minimum"]) {
        return fault("minimum", { least: schema["minimum"] });
      }
      if (schema["maximum"] !== undefined && value > schema["maximum"]) {
        return fault("maximum", { most: schema["maximum"] });
      }
      return { value };
    }
    case "decimal":
      return DECIMAL.test(text) ? ofPattern(schema, text) : fault("decimal");
    case "date":
      return isDate(text) ? { value: text } : fault("date");
    case "instant":
      return ofInstant(text);
    case "json":
      return ofJson(text);
    default: {
      const length = [...text].length;
      if (schema["minLength"] !== undefined && length < schema["minLength"]) {
        return fault("min-length", { least: schema["minLength"] });
      }
      if (schema["maxLength"] !== undefined && length > schema["maxLength"]) {
        return fault("max-length", { most: schema["maxLength"] });
      }
      // The strict profile takes text composed (NFC) alone.
      return ofPattern(schema, text.normalize("NFC"));
    }
  }
}

/** What stands in a control for a value that a record has. */
export function typedOf(control: Control, value: unknown): Typed {
  if (control.kind === "boolean") return value === true;
  if (value === undefined || value === null || control.kind === "file") return "";
  if (control.kind === "json") return JSON.stringify(value, null, 2);
  return String(value);
}

function fault(name: string, values: Record<string, string | number> = {}): Read {
  return { fault: { name, values } };
}

function ofPattern(schema: Readonly<Record<string, any>>, text: string): Read {
  if (schema["pattern"] === undefined) return { value: text };
  try {
    const isMatch = new RegExp(schema["pattern"], "u").test(text);
    return isMatch ? { value: text } : fault("pattern", { pattern: schema["pattern"] });
  } catch {
    // A pattern of another dialect: the gateway has its say.
    return { value: text };
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const parsed = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
}

/** Instants are UTC with a Z; the control gives them without a zone, as UTC. */
function ofInstant(text: string): Read {
  const whole = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) ? `${text}:00Z` : text.replace(/Z?$/, "Z");
  const isGood = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(whole);
  return isGood && !Number.isNaN(Date.parse(whole)) ? { value: whole } : fault("instant");
}

function ofJson(text: string): Read {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return fault("json");
  }
}
