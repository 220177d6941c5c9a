/** Mail through any provider's SMTP submission service: nodemailer's connection class over workerd's own sockets. */
import net, { type Socket } from "node:net";
import tls from "node:tls";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { SmtpServer } from "../protocol/smtp-url.ts";
import { withDeadline } from "./mail-deadline.ts";
import { type CheckedMail, checkMail } from "./mail-envelope.ts";
import type { Mailer, MailMessage, MailResult } from "./mailer.ts";
import { explainSmtpError, smtpError, withoutPrivateData } from "./smtp-replies.ts";

/** The most bytes that one reply may have: 32 lines of the length that RFC 5321 4.5.3.1.5 allows. */
const MAX_REPLY = 16_384;
/** How long a server may take to close after QUIT, before the socket is torn down. In milliseconds. */
const PARTING_TIME = 500;
const BEYOND_ASCII = /[^\p{ASCII}]/u;

type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** Mailer over SMTP (RFC 5321, 6409). One connection per message; `deadline` in milliseconds covers all of it. */
export function createSmtpMailer(server: SmtpServer, deadline: number): Mailer {
  return {
    async sendMail(message: MailMessage): Promise<MailResult> {
      const checked = checkMail(message);
      if (!checked.ok) return checked;
      const mail = { ...checked.mail, from: withAsciiDomain(checked.mail.from), to: withAsciiDomain(checked.mail.to) };
      return withDeadline(deadline, message.signal, (stop) => deliver(server, mail, deadline, stop));
    },
  };
}

async function deliver(
  server: SmtpServer,
  mail: CheckedMail,
  deadline: number,
  stop: AbortSignal,
): Promise<MailResult> {
  try {
    const socket = await openSocket(server, stop);
    const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
    const connection = new SMTPConnection({
      ...dialogOptions(server, mail, deadline),
      connection: socket,
      logger: watchForInjection(() => breakOff(smtpError("ETLS", "STARTTLS"))),
    });
    connection.on("error", (error) => breakOff(connection.upgrading ? smtpError("ETLS", "STARTTLS") : error));
    // Not at once: a server that answers and hangs up is heard in one turn, and its answer counts.
    const onEnd = () => setTimeout(() => breakOff(smtpError("ECONNECTION", "CONN")), 0);
    connection.once("end", onEnd);
    // nodemailer listens a moment too late to hear of a socket that is closed as soon as it is open.
    socket.once("close", onEnd);
    stop.addEventListener("abort", () => tearDown(connection, socket), { once: true });
    const result = await Promise.race([talk(connection, server, mail), broken]);
    part(connection);
    return result;
  } catch (error) {
    return explainSmtpError(error);
  }
}

function dialogOptions(server: SmtpServer, mail: CheckedMail, deadline: number): SMTPConnection.Options {
  // Our own clock is the one that counts; nodemailer's are set to strike after it.
  const backstop = deadline + 1000;
  return {
    host: server.host,
    port: server.port,
    secure: server.security === "tls",
    secured: server.security === "tls",
    requireTLS: server.security === "starttls",
    ignoreTLS: server.security === "none",
    name: mail.from.slice(mail.from.lastIndexOf("@") + 1),
    connectionTimeout: backstop,
    greetingTimeout: backstop,
    socketTimeout: backstop,
    socketCloseTimeout: PARTING_TIME,
    maxResponseSize: MAX_REPLY,
  };
}

/**
 * Opens the socket by host name. nodemailer would look the name up itself and connect to the address, and workerd
 * verifies the certificate against what was connected to, so that every provider's certificate would be "not valid".
 */
function openSocket({ host, port, security }: SmtpServer, stop: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = security === "tls" ? tls.connect({ host, port, ...servername }) : net.connect({ host, port });
  const giveUp = () => socket.destroy();
  stop.addEventListener("abort", giveUp);
  socket.once(security === "tls" ? "secureConnect" : "connect", () => {
    stop.removeEventListener("abort", giveUp);
    resolve(socket);
  });
  // Listens for ever: an error without a listener would be thrown. What it says may hold an address.
  socket.on("error", () => reject(smtpError("ESOCKET", security === "tls" ? "connect with TLS" : "connect")));
  socket.once("close", () => reject(smtpError("ECONNECTION", "connect")));
  return promise;
}

/** The dialog after the socket is open. Throws nodemailer's errors, which carry step, reply and code. */
async function talk(connection: SMTPConnection, server: SmtpServer, mail: CheckedMail): Promise<MailResult> {
  await step((done) => connection.connect(done));
  // Right after connecting the last reply is the one to EHLO, the second one when there was STARTTLS.
  const offersUtf8 = /^250[ -]SMTPUTF8\b/im.test(connection.lastServerResponse || "");
  if (!offersUtf8 && BEYOND_ASCII.test(mail.from + mail.to)) {
    return { ok: false, permanent: true, reason: "address-not-ascii", detail: "the server does not offer SMTPUTF8" };
  }
  const { credentials } = server;
  if (credentials !== undefined) {
    if (!connection.secure && server.security !== "none") throw smtpError("ETLS", "AUTH");
    const auth = { credentials: { user: credentials.user, pass: credentials.password } };
    await step((done) => connection.login(auth, done));
  }
  const envelope = { from: mail.from, to: mail.to, size: mail.bytes.length, use8BitMime: mail.eightBit };
  const sent = await step<{ response: string }>((done) => connection.send(envelope, mail.bytes, done));
  return { ok: true, reply: withoutPrivateData(sent?.response ?? "") };
}

/** Says goodbye without waiting for the answer: the message is the server's already, and no delay may put that in doubt. */
function part(connection: SMTPConnection): void {
  connection.quit();
  connection.close();
}

/** Closes what is still open. A connection that ended by itself has closed its socket. */
function tearDown(connection: SMTPConnection, socket: Socket): void {
  if (connection.destroyed) return;
  const current = connection._socket || socket;
  connection.close();
  current.destroy();
}

/** One of nodemailer's steps, which call back with an error, or with none and perhaps a result. */
function step<T>(run: (done: (error?: unknown, result?: T) => void) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result))));
}

/**
 * nodemailer discards what came in plain text behind the reply to STARTTLS (RFC 3207 section 6) and goes on, telling
 * only its logger. Nobody but an attacker sends such bytes (CVE-2011-0411), so here they end the connection.
 */
function watchForInjection(onInjection: () => void): Record<LogLevel, (entry: object) => void> {
  const silent = () => {};
  const warn = (entry: object) => {
    if ("discarded" in entry) onInjection();
  };
  return { trace: silent, debug: silent, info: silent, warn, error: silent, fatal: silent };
}

/** Domains have an ASCII form that every server takes (RFC 5891); only a local part beyond ASCII needs SMTPUTF8. */
function withAsciiDomain(address: string): string {
  const at = address.lastIndexOf("@");
  const url = `http://${address.slice(at + 1)}`;
  return BEYOND_ASCII.test(url) && URL.canParse(url) ? `${address.slice(0, at)}@${new URL(url).hostname}` : address;
}
