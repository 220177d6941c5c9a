/** Signing in: with the company's provider, or by one click on a development server. */
import { useState } from "preact/hooks";
import { PRIVILEGES, type Privilege } from "../../protocol/wire.ts";
import type { Page } from "./page.ts";
import { problemText } from "./problems.ts";
import type { Speech } from "./scene.ts";
import { Button } from "./tool.tsx";

/** Everybody has these on a development server unless they choose otherwise. */
const USUAL: readonly Privilege[] = PRIVILEGES.filter((one) => !one.startsWith("compliance:"));

/** The form. */
export function SignInView(props: Speech & { readonly page: Page }) {
  const { page, say } = props;
  const { ways, problem } = page.signIn;
  return (
    <main class="alone">
      <h1>{say("title")}</h1>
      {problem === undefined ? null : <p role="alert">{problemText(problem, props)}</p>}
      {ways?.providers.map(({ provider }) => (
        <Button key={provider} kind="primary" onClick={() => void page.signIn.goTo(provider)}>
          {say("signInWith", { provider })}
        </Button>
      ))}
      {ways?.development === true ? <DevelopmentForm {...props} /> : null}
      {ways !== undefined && ways.providers.length === 0 && !ways.development ? <p>{say("noSignIn")}</p> : null}
      {ways === undefined ? (
        <Button kind="primary" onClick={() => void page.signIn.begin()}>
          {say("again")}
        </Button>
      ) : null}
    </main>
  );
}

function DevelopmentForm({ page, say }: Speech & { readonly page: Page }) {
  const [name, setName] = useState("Grace");
  const [privileges, setPrivileges] = useState<readonly Privilege[]>(USUAL);
  const toggle = (one: Privilege) =>
    setPrivileges(privileges.includes(one) ? privileges.filter((other) => other !== one) : [...privileges, one]);
  const submit = (event: Event) => {
    event.preventDefault();
    void page.signIn.develop(name.trim() || "Grace", privileges);
  };
  return (
    <form onSubmit={submit}>
      <p>{say("developmentOnly")}</p>
      <label>
        {say("name")}
        <input value={name} maxLength={64} onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </label>
      <Button kind="primary" submit>
        {say("signIn")}
      </Button>
      <details>
        <summary>{say("privileges")}</summary>
        {PRIVILEGES.map((one) => (
          <label key={one} class="check">
            <input type="checkbox" checked={privileges.includes(one)} onChange={() => toggle(one)} />
            <code>{one}</code>
          </label>
        ))}
      </details>
    </form>
  );
}
