/** Time zones and languages as clients name them. */
import * as z from "zod";

/** Where the customer's clock is: an IANA name, or an offset such as `+02:00`. */
export const TimeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, "an IANA time zone, such as Europe/Berlin, or an offset");

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Language as BCP 47 says it. */
export const LanguageSchema = z
  .string()
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/, "a BCP 47 language tag, such as en or pt-BR");
