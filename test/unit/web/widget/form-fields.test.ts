/** What a page asks for before a chat, and what is made of the answers. */
import { describe, expect, it } from "vitest";
import { fieldsOf, openingOf, wrongIn } from "../../../../src/web/widget/form-fields.ts";

const asked = (attribute: string | null) =>
  fieldsOf(attribute).map(({ name, required }) => `${name}${required ? "" : "?"}`);

describe("the attribute fields", () => {
  it("asks for a name, and offers to take an address and a subject, where a page says nothing", () => {
    expect(asked(null)).toEqual(["name", "email?", "subject?"]);
  });

  it("names fields in their order, and passes over what is none", () => {
    expect(asked("subject, email?  name?")).toEqual(["subject", "email?", "name?"]);
    expect(asked("none")).toEqual([]);
    expect(asked("password name constructor")).toEqual(["name"]);
  });

  it("gives the focus to the first one", () => {
    expect(fieldsOf("email name").map(({ first }) => first)).toEqual([true, false]);
  });
});

describe("what was filled in", () => {
  const fields = fieldsOf("name email? subject");

  it("is right where all that is needed stands there", () => {
    expect([...wrongIn(fields, { name: "Ada", email: "", subject: "Cups" })]).toEqual([]);
  });

  it("is wrong where something needed is empty, or an address is none", () => {
    expect([...wrongIn(fields, { name: "", email: "ada@example" })]).toEqual([
      ["name", "fieldNeeded"],
      ["email", "emailWrong"],
      ["subject", "fieldNeeded"],
    ]);
  });

  it("becomes the opening, over what the page knew", () => {
    const customer = { nickname: "Countess", email: "old@example.com", userData: { order: "4711" } };
    expect(openingOf({ name: "Ada", subject: "Cups" }, customer, "Guest")).toEqual({
      nickname: "Ada",
      email: "old@example.com",
      subject: "Cups",
      userData: { order: "4711" },
    });
  });

  it("holds nothing that was asked for and taken out again", () => {
    const customer = { nickname: "Ada", email: "old@example.com", subject: "Cups" };
    expect(openingOf({ name: "Ada", email: "", subject: "" }, customer, "Guest")).toEqual({ nickname: "Ada" });
  });

  it("without any name is from a guest, or whom the page knows", () => {
    expect(openingOf({}, {}, "Gast")).toEqual({ nickname: "Gast" });
    expect(openingOf({}, { nickname: "Ada" }, "Gast")).toEqual({ nickname: "Ada" });
    expect(openingOf({}, { firstName: "Ada", lastName: "L" }, "Gast")).toEqual({ firstName: "Ada", lastName: "L" });
  });
});
