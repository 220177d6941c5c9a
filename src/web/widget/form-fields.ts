/** Which fields a page asks for before a chat, and what is made of them. */
import type { WireOpening } from "../../protocol/chat.ts";
import { MAX_NICKNAME, MAX_SUBJECT } from "../../protocol/wire.ts";

/** A field that can be asked for. */
export type FieldName = "name" | "email" | "subject";

/** What can be wrong with it, by the words for it. */
export type FieldFault = "fieldNeeded" | "emailWrong";

/** One field as it is shown. */
export interface FormField {
  readonly name: FieldName;
  readonly required: boolean;
  /** It gets the focus. */
  readonly first: boolean;
  /** Most characters. */
  readonly max: number;
}

/** Most characters in each. */
const MOST = { name: MAX_NICKNAME, email: 254, subject: MAX_SUBJECT } as const;

const DEFAULT = "name email? subject?";

/** Reads the attribute `fields`: names in their order, a question mark behind those that may stay empty; `none` asks nothing. */
export function fieldsOf(attribute: string | null): FormField[] {
  const wished = (attribute ?? DEFAULT).split(/[\s,]+/).flatMap((word) => {
    const name = word.replace(/\?$/, "");
    return isField(name) ? [{ name, required: word === name }] : [];
  });
  return wished.map((field, index) => ({ ...field, first: index === 0, max: MOST[field.name] }));
}

/** What is wrong with what was filled in, by field, in the form's order. */
export function wrongIn(
  fields: readonly FormField[],
  values: Readonly<Record<string, string>>,
): Map<FieldName, FieldFault> {
  const wrong = new Map<FieldName, FieldFault>();
  for (const { name, required } of fields) {
    const value = values[name] ?? "";
    if (value === "" && required) wrong.set(name, "fieldNeeded");
    if (value !== "" && name === "email" && !isAddress(value)) wrong.set(name, "emailWrong");
  }
  return wrong;
}

/** The opening; who gives no name is called `guest`. */
export function openingOf(
  values: Readonly<Record<string, string>>,
  customer: Partial<WireOpening>,
  guest: string,
): WireOpening {
  const { name = customer.nickname, email = customer.email, subject = customer.subject } = values;
  const nickname = name || (customer.firstName === undefined ? guest : undefined);
  return { ...customer, nickname, email: email || undefined, subject: subject || undefined };
}

/** Whether something looks like an address; whether it is one the server says. */
export function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
}

function isField(name: string): name is FieldName {
  return Object.hasOwn(MOST, name);
}
