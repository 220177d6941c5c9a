/** The worker's log: one JSON line an event, and nothing private in it, ever: no token, text, address or file name. */

/** What may stand in a line beside the event's name. */
export interface LogFields {
  readonly requestId?: string;
  readonly sessionId?: string;
  /** Kind of an effect of the outbox. */
  readonly effect?: string;
}

/** Logs what did not work and is tried again or waits for an operator, by our own stable code. */
export function logFailure(event: string, failure: string, fields: LogFields = {}): void {
  write({ event, failure, ...fields });
}

/** Logs a fault by the class of its error; messages of errors may hold what only the customer should read. */
export function logFault(event: string, error: unknown, fields: LogFields = {}): void {
  write({ event, error: error instanceof Error ? error.name : typeof error, ...fields });
}

function write(line: object): void {
  // biome-ignore lint/suspicious/noConsole: the platform collects a worker's log from its console, and only from here
  console.error(JSON.stringify(line));
}
