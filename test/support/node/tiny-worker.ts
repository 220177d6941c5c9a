/** A built worker of a few lines, to try the local server itself: keeps numbers and files, mails, logs, and can be unwell. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const CODE = `
import { EmailMessage } from "cloudflare:email";
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  add() {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS hits (id INTEGER PRIMARY KEY)");
    this.ctx.storage.sql.exec("INSERT INTO hits DEFAULT VALUES");
    return this.ctx.storage.sql.exec("SELECT count(*) AS n FROM hits").one().n;
  }
}
const routes = {
  "/healthz": (request, env) => Response.json({ detail: env.ILLNESS }, { status: env.ILLNESS ? 500 : 200 }),
  "/count": async (request, env) => {
    await env.FILES.put("last", "written");
    return Response.json(await env.COUNTER.getByName("one").add());
  },
  "/put": async (request, env) => {
    await env.FILES.put(crypto.randomUUID(), request.body);
    return new Response(null, { status: 201 });
  },
  "/file": async (request, env) => new Response((await env.FILES.get("last"))?.body),
  "/mail": async (request, env) => {
    const [from, to] = [request.headers.get("from"), request.headers.get("to")];
    try {
      return Response.json(await env.EMAIL.send(new EmailMessage(from, to, request.body)));
    } catch (error) {
      return Response.json({ code: error.code }, { status: 422 });
    }
  },
};
export default { fetch: (request, env) => routes[new URL(request.url).pathname](request, env) };
`;

const OPTIONS = {
  workerOptions: {
    name: "tiny",
    compatibilityDate: "2026-10-20",
    durableObjects: { COUNTER: { className: "Counter", useSQLite: true } },
    r2Buckets: ["FILES"],
    email: { send_email: [{ name: "EMAIL" }] },
  },
  externalWorkers: [],
};

/** Writes it into a folder, which is then a `workerDir`. */
export async function writeTinyWorker(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "worker.js"), CODE);
  await writeFile(join(directory, "miniflare.json"), JSON.stringify(OPTIONS));
}
