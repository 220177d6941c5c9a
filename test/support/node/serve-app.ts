/** Serves any fetch handler over HTTP with `node:http`, which Node and Deno both have: what a host of the app would do. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

type Handler = (request: Request) => Promise<Response>;

/** Runs `use` with the address of a server that lives as long as it does. */
export async function serving(handler: Handler, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((incoming, outgoing) => void answer(handler, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  try {
    await use(`http://127.0.0.1:${address.port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function answer(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const response = await handler(toRequest(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body === null) outgoing.end();
    else await pipeline(Readable.from(response.body), outgoing);
  } catch {
    outgoing.destroy();
  }
}

function toRequest(incoming: IncomingMessage): Request {
  const { method = "GET", url = "/", headers } = incoming;
  const pairs = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const bodyless = method === "GET" || method === "HEAD" || headers["content-length"] === "0";
  const init = { method, headers: pairs, body: bodyless ? null : Readable.toWeb(incoming), duplex: "half" } as const;
  return new Request(new URL(url, `http://${headers.host}`), init);
}
