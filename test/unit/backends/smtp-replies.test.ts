/** Replies that no server should give: what is no refusal by the protocol is none for good. */
import { expect, test } from "vitest";
import { explainSmtpError } from "../../../src/backends/smtp-replies.ts";

const refusedWith = (response: string) =>
  explainSmtpError(Object.assign(new Error("refused"), { code: "EENVELOPE", command: "RCPT TO", response }));

test("only a reply of the 5xx kind is for good: a mail is kept where the server says what there is not", () => {
  expect(refusedWith("550 5.1.1 no such user")).toMatchObject({ permanent: true, reason: "recipient-refused" });
  expect(refusedWith("450 4.2.1 busy")).toMatchObject({ permanent: false, reason: "recipient-refused" });
  for (const reply of ["750 5.1.1 no such user", "600 no", "999 no"])
    expect(refusedWith(reply)).toMatchObject({ permanent: false, reason: "protocol-error" });
});
