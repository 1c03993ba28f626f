// SPDX-License-Identifier: Apache-2.0
/** Calls of the gateway. Only to where the page came from, with the session's cookie. */

const CSRF_HEADER = "Muniment-CSRF";
let csrf: string | null = null;
/** Told when the gateway says that nobody is signed in any more. */
let onSignedOut: () => void = () => {};

export function useCsrf(told: string | null): void {
  csrf = told;
}

export function whenSignedOut(told: () => void): void {
  onSignedOut = told;
}

/** What the gateway says went wrong (RFC 9457), or that it did not answer: status 0. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: Readonly<Record<string, any>>,
  ) {
    super(String(body["detail"] ?? body["title"] ?? status));
  }

  /** The last part of its `type`, e.g. `stale-version`. */
  get kind(): string {
    return String(this.body["type"] ?? "").split(":").at(-1) ?? "";
  }
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The JSON of an answer; null of one without a body. Raises `Problem`. */
export async function call(method: string, path: string, options: CallOptions = {}): Promise<any> {
  const answer = await answered(method, path, options);
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
}

/** The JSON of an answer, and the paths that its `Link` header names as what comes next. Raises
 * `Problem`. */
export async function callWithNext(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<{ readonly body: any; readonly next: readonly string[] }> {
  const answer = await answered(method, path, options);
  const links = answer.headers.get("Link") ?? "";
  const next = [...links.matchAll(/<([^>]*)>; rel="next"/g)].map((each) => each[1] as string);
  return { body: await answer.json(), next };
}

/** An answer as a file. Raises `Problem`. */
export async function fetched(method: string, path: string, options: CallOptions = {}): Promise<Blob> {
  return (await answered(method, path, options)).blob();
}

async function answered(method: string, path: string, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] ??= "application/json";
  if (method !== "GET" && csrf !== null) headers[CSRF_HEADER] = csrf;
  const isRaw = options.body instanceof Blob || typeof options.body === "string";
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      redirect: "error",
      ...(options.body === undefined
        ? {}
        : { body: isRaw ? (options.body as Blob | string) : JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, {});
  }
  if (!answer.ok) throw problemOf(answer.status, await answer.text());
  return answer;
}

function problemOf(status: number, text: string): Problem {
  if (status === 401) onSignedOut();
  try {
    return new Problem(status, JSON.parse(text));
  } catch {
    return new Problem(status, {});
  }
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly progress?: (part: number) => void;
  readonly signal?: AbortSignal;
}

/** Sends a file as it is, and tells how much of it is gone. Raises `Problem`. */
export function sendFile(
  method: string,
  path: string,
  file: Blob,
  options: SendOptions = {},
): Promise<string> {
  return new Promise((done, failed) => {
    // `fetch` does not tell how much is sent.
    const request = new XMLHttpRequest();
    request.open(method, path);
    const headers = { Accept: "application/json", ...options.headers };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (csrf !== null) request.setRequestHeader(CSRF_HEADER, csrf);
    request.upload.onprogress = (event) => options.progress?.(event.loaded / (event.total || 1));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) done(request.responseText);
      else failed(problemOf(request.status, request.responseText));
    };
    request.onerror = () => failed(new Problem(0, {}));
    request.onabort = () => failed(new DOMException("stopped", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/** Lines of JSON, as they are sent and answered. */
export const NDJSON = "application/x-ndjson";

/** Posts, and tells of each line of the answer as it comes. Raises `Problem`. */
export async function postForLines(
  path: string,
  options: CallOptions,
  onLine: (line: string) => void,
): Promise<void> {
  const answer = await answered("POST", path, options);
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      lines.filter((each) => each !== "").forEach(onLine);
    }
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, {});
  }
  if (rest !== "") onLine(rest);
}
