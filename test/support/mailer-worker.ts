/** A worker that does nothing but send one mail, so that the transports can be tried from Node in their real runtime. */
import { createMailer, type MailConfig } from "../../src/backends/mailer.ts";

/** What the tests ask for: a message as base64, and the SMTP server (none: the binding). Times in milliseconds. */
interface MailOrder {
  url?: string;
  from: string;
  to: string;
  raw: string;
  deadline?: number;
  abortAfter?: number;
}

export default {
  async fetch(request: Request, env: { EMAIL: SendEmail }): Promise<Response> {
    const order: MailOrder = await request.json();
    const deadline = order.deadline === undefined ? {} : { deadline: order.deadline };
    const config: MailConfig =
      order.url === undefined
        ? { transport: "send_email", binding: env.EMAIL, ...deadline }
        : { transport: "smtp", url: order.url, ...deadline };
    const signal = order.abortAfter === undefined ? {} : { signal: abortAfter(order.abortAfter) };
    const raw = Uint8Array.from(atob(order.raw), (character) => character.charCodeAt(0));
    return Response.json(await createMailer(config).sendMail({ from: order.from, to: order.to, raw, ...signal }));
  },
};

/** Zero means: has given up before it asks. */
function abortAfter(milliseconds: number): AbortSignal {
  return milliseconds === 0 ? AbortSignal.abort() : AbortSignal.timeout(milliseconds);
}
