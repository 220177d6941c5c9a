/** Texts of standard responses: which variables they may hold, and what becomes of them when one is sent. */
import { RESPONSE_VARIABLES, type ResponseVariable } from "./wire.ts";

/** What the variables stand for in one session; what is not known there stays away. */
export type ResponseValues = Readonly<Partial<Record<ResponseVariable, string | undefined>>>;

/** Two braces and what follows them, as far as it could be a variable. A blank before it is taken along. */
const VARIABLE = /([ \t]?)\{\{[ \t]*([A-Za-z0-9_.]*)[ \t]*\}\}/g;
const CLOSED = /^\{\{[ \t]*([A-Za-z0-9_.]*)[ \t]*\}\}/;

/** What is wrong with the variables of a text, in words for its editor; undefined where nothing is. */
export function variableProblem(text: string): string | undefined {
  const expected = `only the variables ${RESPONSE_VARIABLES.map((name) => `{{${name}}}`).join(", ")}`;
  for (let at = text.indexOf("{{"); at >= 0; at = text.indexOf("{{", at + 2)) {
    const name = CLOSED.exec(text.slice(at, at + 80))?.[1];
    if (!RESPONSE_VARIABLES.some((one) => one === name)) return expected;
  }
  return undefined;
}

/**
 * The text with its variables filled in, once: what a value holds is never read as a variable again. One that is not
 * known leaves nothing, nor the blank before it where a sign or the end of the line follows: "Hello {{…}}," is "Hello,".
 */
export function renderResponse(text: string, values: ResponseValues): string {
  const known: Readonly<Record<string, string | undefined>> = values;
  return text.replace(VARIABLE, (whole: string, blank: string, name: string, at: number) => {
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    if (value !== undefined && value !== "") return blank + value;
    const next = text.charAt(at + whole.length);
    return next === "" || /[\s.,;:!?)]/.test(next) ? "" : blank;
  });
}
