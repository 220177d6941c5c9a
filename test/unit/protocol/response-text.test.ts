/** Variables of standard responses: known ones are filled in once, unknown ones never get into a library. */
import { describe, expect, it } from "vitest";
import { renderResponse, variableProblem } from "../../../src/protocol/response-text.ts";
import { RESPONSE_VARIABLES } from "../../../src/protocol/wire.ts";

describe("a text under edit", () => {
  it.each([
    "no variable at all, { and } and }} are signs like others",
    ...RESPONSE_VARIABLES.map((name) => `x {{${name}}} y`),
    "{{ customer.nickname }}{{service}}",
    "{{\tservice\t}}",
  ])("may be %j", (text) => {
    expect(variableProblem(text)).toBeUndefined();
  });

  it.each([
    "{{customer.email}}",
    "{{Customer.nickname}}",
    "{{}}",
    "{{customer.nickname",
    "{{customer.nickname}",
    "{{{service}}}",
    "{{service}} and {{__proto__}}",
    "{{constructor}}",
    "{{customer nickname}}",
    "{{service\n}}",
    `{{${" ".repeat(100)}service}}`,
  ])("may not be %j", (text) => {
    expect(variableProblem(text)).toMatch(/^only the variables \{\{customer\.nickname\}\}, /);
  });
});

describe("a text that is sent", () => {
  const values = { "customer.nickname": "Ada", "agent.nickname": "Grace", service: "shop" };

  it.each([
    ["Hello {{customer.nickname}}, this is {{ agent.nickname }} of {{service}}.", "Hello Ada, this is Grace of shop."],
    ["About {{session.subject}}: yes", "About: yes"],
    ["Hello {{session.subject}}!", "Hello!"],
    ["Hello {{session.subject}}", "Hello"],
    ["Hello {{session.subject}} there", "Hello there"],
    ["{{session.subject}} there", " there"],
    ["a\n{{session.subject}}\nb", "a\n\nb"],
    ["({{session.subject}})", "()"],
    ["a {{session.subject}}-b", "a -b"],
    ["{{customer.nickname}}{{customer.nickname}}", "AdaAda"],
  ])("%j becomes %j", (text, rendered) => {
    expect(renderResponse(text, values)).toBe(rendered);
  });

  it("never reads a value as a variable or a pattern", () => {
    const tricky = { ...values, "customer.nickname": "{{agent.nickname}} $& $1" };
    expect(renderResponse("Hello {{customer.nickname}}", tricky)).toBe("Hello {{agent.nickname}} $& $1");
  });

  it("knows no variable that every object has", () => {
    expect(renderResponse("a {{constructor}} {{toString}}", values)).toBe("a");
  });
});
