/** Requests to the native API: each is answered with its value or a problem, and none throws but for a fault of this page. */
import type { Problem } from "../../protocol/problem.ts";

/** What came of a request. `unreachable`: no answer, so nobody knows whether it was carried out. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem; readonly unreachable?: true };

/** One request. Its path begins with `/v1`. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Said where no answer came: the browser is offline, the server is down, or the page may not ask it. */
export const UNREACHABLE = problemHere("unreachable");

/** Nobody knows whether it was carried out. */
export const NO_ANSWER: Outcome<never> = { ok: false, problem: UNREACHABLE, unreachable: true };

/** One server, and the token of one customer once there is one. */
export class Api {
  readonly baseUrl: string;
  token: string | undefined;

  /** `baseUrl` is the server's origin, without a slash at its end. */
  constructor(baseUrl: string, token?: string) {
    this.baseUrl = baseUrl;
    this.token = token;
  }

  /** Headers that every request carries. */
  get headers(): Record<string, string> {
    return this.token === undefined ? {} : { Authorization: `Bearer ${this.token}` };
  }

  /** Asks for JSON; the caller says what it is by the protocol. An answer without a body is `undefined`. */
  async ask<T>(request: ApiRequest): Promise<Outcome<T>> {
    const answer = await this.fetch(request);
    if (!answer.ok) return answer;
    try {
      const text = await answer.value.text();
      return { ok: true, value: (text === "" ? undefined : JSON.parse(text)) as T };
    } catch {
      return NO_ANSWER;
    }
  }

  /** Asks; the value is the answer itself, whose body has not been read. */
  async fetch({ method, path, json, headers, signal }: ApiRequest): Promise<Outcome<Response>> {
    const type = json === undefined ? {} : { "Content-Type": "application/json" };
    const body = json === undefined ? null : JSON.stringify(json);
    try {
      const all = { ...this.headers, ...type, ...headers };
      const response = await fetch(this.baseUrl + path, { method, headers: all, body, signal: signal ?? null });
      return response.ok
        ? { ok: true, value: response }
        : { ok: false, problem: problemOf(response.status, await response.text()) };
    } catch {
      return NO_ANSWER;
    }
  }
}

/** A problem that no server tells, or none in the form that ours has. It has no title but its code: the page has the words. */
export function problemHere(code: string, status = 0): Problem {
  return { type: "about:blank", title: code, status, code };
}

/** The problem that an answer tells; what stands between may answer without one. */
export function problemOf(status: number, text: string): Problem {
  const general = problemHere("fault", status);
  try {
    const problem: unknown = JSON.parse(text);
    return isProblem(problem) ? problem : general;
  } catch {
    return general;
  }
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "status" in value
  );
}
