/** What is asked before a chat begins. */
import { useRef, useState } from "preact/hooks";
import type { WireOpening } from "../../protocol/chat.ts";
import type { Problem } from "../../protocol/problem.ts";
import { problemText } from "./faults.ts";
import { type FieldFault, type FieldName, type FormField, openingOf, wrongIn } from "./form-fields.ts";
import type { Speech } from "./scene.ts";

/** The form; `onStart` gets what was filled in. */
export function StartForm(
  props: Speech & {
    readonly fields: readonly FormField[];
    readonly customer: Partial<WireOpening>;
    readonly busy: boolean;
    readonly problem: Problem | undefined;
    onStart(opening: WireOpening): void;
  },
) {
  const { fields, customer, busy, problem, say } = props;
  const [wrong, setWrong] = useState<ReadonlyMap<FieldName, FieldFault>>(new Map());
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    if (form.current === null || busy) return;
    const filled = new FormData(form.current);
    const values = Object.fromEntries(fields.map(({ name }) => [name, String(filled.get(name) ?? "").trim()]));
    const found = wrongIn(fields, values);
    setWrong(found);
    const [first] = found.keys();
    const field = first === undefined ? null : form.current.elements.namedItem(first);
    if (field instanceof HTMLElement) field.focus();
    else props.onStart(openingOf(values, customer, say("guest")));
  };
  return (
    <form class="start" ref={form} onSubmit={submit} noValidate>
      <p class="welcome">{say("welcome")}</p>
      {fields.map((field) => (
        <Field key={field.name} {...props} field={field} wrong={wrong.get(field.name)} />
      ))}
      <p class="fault" role="alert">
        {problem === undefined ? "" : problemText(problem, props)}
      </p>
      <button class="primary" type="submit" part="start" aria-disabled={busy} data-first={fields.length === 0}>
        {say(busy ? "connecting" : "start")}
      </button>
    </form>
  );
}

function Field(
  props: Speech & {
    readonly field: FormField;
    readonly customer: Partial<WireOpening>;
    readonly wrong: FieldFault | undefined;
  },
) {
  const { field, customer, wrong, say } = props;
  const { name, required, first, max } = field;
  const value = name === "name" ? customer.nickname : customer[name];
  return (
    <div class="field">
      <label for={`start-${name}`}>
        {say(name)}
        {required ? "" : <span class="hint"> ({say("optional")})</span>}
      </label>
      <input
        // The types of either take no list here, which their union demands to be said.
        type={(name === "email" ? name : "text") as "text"}
        id={`start-${name}`}
        name={name}
        autocomplete={name === "subject" ? "off" : name}
        maxLength={max}
        defaultValue={value ?? ""}
        aria-required={required}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong === undefined ? undefined : `start-${name}-fault`}
        data-first={first}
        dir="auto"
      />
      {wrong === undefined ? null : (
        <p class="fault" id={`start-${name}-fault`}>
          {say(wrong)}
        </p>
      )}
    </div>
  );
}
