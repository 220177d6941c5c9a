/** The SMTP server as a URL: what is read, and what is refused in words that repeat no secret. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSmtpUrl } from "../../../src/protocol/smtp-url.ts";

describe("parseSmtpUrl", () => {
  test.each([
    ["smtps://mail.example.com", { host: "mail.example.com", port: 465, security: "tls" }],
    ["smtp://mail.example.com", { host: "mail.example.com", port: 587, security: "starttls" }],
    ["smtp://mail.example.com:2525/", { host: "mail.example.com", port: 2525, security: "starttls" }],
    ["smtps://[2001:db8::1]:465", { host: "2001:db8::1", port: 465, security: "tls" }],
    ["smtp://localhost:2525?tls=off", { host: "localhost", port: 2525, security: "none" }],
    ["smtp://127.0.0.1:2525/?tls=off", { host: "127.0.0.1", port: 2525, security: "none" }],
    ["smtp://[::1]:2525?tls=off", { host: "::1", port: 2525, security: "none" }],
    [
      "smtps://user%40example.com:p%3Aa%2Fs%25s%C3%B6@mail.example.com",
      {
        host: "mail.example.com",
        port: 465,
        security: "tls",
        credentials: { user: "user@example.com", password: "p:a/s%sö" },
      },
    ],
  ])("reads %s", (url, value) => {
    expect(parseSmtpUrl(url)).toEqual({ ok: true, value });
  });

  test.each([
    ["", "expected smtps://user:password@host:465 or smtp://user:password@host:587"],
    ["mail.example.com:587", "expected the scheme smtps or smtp"],
    ["https://mail.example.com", "expected the scheme smtps or smtp"],
    ["smtp://mail.example.com:25", "port 25 is closed on this platform; use 465 with smtps or 587 with smtp"],
    ["smtp://localhost:25?tls=off", "port 25 is closed on this platform; use 465 with smtps or 587 with smtp"],
    ["smtp://mail.example.com:0", "expected a port between 1 and 65535"],
    ["smtp://mail.example.com:99999", "expected smtps://user:password@host:465 or smtp://user:password@host:587"],
    ["smtp://mail.example.com?tls=off", "tls=off is for a server on localhost only"],
    ["smtp://localhost.example.com?tls=off", "tls=off is for a server on localhost only"],
    ["smtp://127.0.0.1.example.com?tls=off", "tls=off is for a server on localhost only"],
    ["smtps://localhost?tls=off", "tls=off contradicts the scheme smtps"],
    ["smtp://localhost?tls=no", "expected no option but tls=off"],
    ["smtp://localhost?tls=off&x=1", "expected no option but tls=off"],
    ["smtp://mail.example.com/inbox", "expected nothing after host and port"],
    ["smtp://mail.example.com#x", "expected nothing after host and port"],
    ["smtp:", "expected a host name or an IP address"],
    ["smtp://mail%0D%0A.example.com", "expected a host name or an IP address"],
    ["smtp://-mail.example.com", "expected a host name or an IP address"],
    ["smtp://user@mail.example.com", "expected both a user and a password, or neither"],
    ["smtp://:password@mail.example.com", "expected both a user and a password, or neither"],
    ["smtp://user:p%ZZ@mail.example.com", "user or password is not percent-encoded correctly"],
    ["smtp://user:p%FF@mail.example.com", "user or password is not percent-encoded correctly"],
    ["smtp://user:a%00b@mail.example.com", "control characters in the user or the password"],
    ["smtp://us%0D%0Aer:a@mail.example.com", "control characters in the user or the password"],
  ])("refuses %j", (url, reason) => {
    expect(parseSmtpUrl(url)).toEqual({ ok: false, reason });
  });

  test("gives back any credentials that were percent-encoded", () => {
    const credential = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(credential, credential, (user, password) => {
        const url = `smtps://${encodeURIComponent(user)}:${encodeURIComponent(password)}@mail.example.com`;
        expect(parseSmtpUrl(url)).toMatchObject({ ok: true, value: { credentials: { user, password } } });
      }),
    );
  });

  test("never switches TLS off for a host that is not loopback, whatever the URL says", () => {
    fc.assert(
      fc.property(fc.domain(), fc.webQueryParameters(), (host, query) => {
        for (const search of [query, "tls=off", `tls=off&${query}`]) {
          const result = parseSmtpUrl(`smtp://${host}?${search}`);
          if (result.ok) expect(result.value.security).toBe("starttls");
        }
      }),
    );
  });
});
