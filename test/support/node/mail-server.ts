/** SMTP servers on loopback for tests: a real one, and one that follows a script in order to misbehave. */
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { Queue } from "./mailer-runtime.ts";

/** Names in test/support/tls: `localhost` is right, `other` is for another host, `stranger` is signed by nobody. */
export type TestCertificate = "localhost" | "other" | "stranger";

/** A message that the server accepted, dot-stuffing undone. */
export interface ReceivedMail {
  from: string;
  to: string[];
  bytes: Buffer;
  secure: boolean;
  user: string | undefined;
  hostName: string;
  /** The parameters of MAIL FROM, such as SIZE. */
  parameters: Record<string, unknown>;
}

/** A running server. `next` gives the mails in the order of arrival; `all` is what came so far. */
export interface MailServer {
  port: number;
  all: ReceivedMail[];
  next(): Promise<ReceivedMail>;
  close(): Promise<void>;
}

/** User and password that the real server takes; every character that a URL or base64 could spoil is in it. */
export const GOOD_LOGIN = { user: "mail@example.com", password: "p@ss:w/ö?r#d%" };

/** Options of a refusal at one step, as smtp-server wants its callbacks. */
export function refuse(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** A real SMTP server that takes everything unless `options` say otherwise. */
export async function startMailServer(
  options: SMTPServerOptions = {},
  certificate: TestCertificate = "localhost",
): Promise<MailServer> {
  const all: ReceivedMail[] = [];
  const queue = new Queue<ReceivedMail>();
  const server = new SMTPServer({
    ...readKeyPair(certificate),
    authOptional: true,
    onAuth({ username, password }, _session, done) {
      const good = username === GOOD_LOGIN.user && password === GOOD_LOGIN.password;
      if (good) done(null, { user: username });
      else done(refuse(535, `5.7.8 no such user ${username}`));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail: ReceivedMail = {
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          bytes: Buffer.concat(chunks),
          secure: session.secure,
          user: typeof session.user === "string" ? session.user : undefined,
          hostName: session.hostNameAppearsAs,
          parameters: mailFrom === false ? {} : { ...mailFrom.args },
        };
        all.push(mail);
        queue.push(mail);
        done(null);
      });
    },
    ...options,
  });
  // A client that refuses our certificate is an error to the server; the test looks at the client.
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return { port, all, next: () => queue.next(), close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Key and certificate of test/support/tls. */
export function readKeyPair(certificate: TestCertificate): { key: Buffer; cert: Buffer } {
  const read = (end: string) => readFileSync(new URL(`../tls/${certificate}.${end}`, import.meta.url));
  return { key: read("key"), cert: read("pem") };
}

/** What a scripted server does with each connection. `hear` waits for a line that matches and gives it back. */
export interface Dialog {
  socket: Socket;
  say(text: string): void;
  hear(line: RegExp): Promise<string>;
}

/** A server that does as the script says. `closed` settles when the first connection is gone, from either side. */
export async function startScriptedServer(
  script: (dialog: Dialog) => Promise<void> | void,
): Promise<{ port: number; closed: Promise<void>; heard: string[]; close(): Promise<void> }> {
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => onClosed());
    socket.on("error", () => {});
    const lines = new Queue<string>();
    let rest = "";
    socket.on("data", (chunk) => {
      const parts = (rest + chunk.toString("latin1")).split("\r\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        heard.push(line);
        lines.push(line);
      }
    });
    const hear = async (wanted: RegExp): Promise<string> => {
      const line = await lines.next();
      return wanted.test(line) ? line : hear(wanted);
    };
    void script({ socket, say: (text) => void socket.write(text), hear });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port, closed, heard, close };
}
