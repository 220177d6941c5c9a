/** Somebody else's web site: pages of an origin of their own, which embed what a test wants. */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll } from "vitest";

/** The site. */
export interface Host {
  readonly origin: string;
  /** Makes a page with this in its body, served with these headers; answers its address. */
  page(html: string, headers?: Readonly<Record<string, string>>): string;
}

/** Serves the site while the tests of a file run. */
export function useHost(): Host {
  const pages = new Map<string, { html: string; headers: Readonly<Record<string, string>> }>();
  let server: Server | undefined;
  beforeAll(async () => {
    const listening = createServer((request, response) => {
      const page = pages.get(request.url ?? "");
      if (page === undefined) return void response.writeHead(204).end();
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...page.headers });
      response.end(
        `<!doctype html><html lang="en"><head><title>Host</title><meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>Host</h1></main>${page.html}</body></html>`,
      );
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const originOf = () => {
    const address = server?.address();
    if (address === null || typeof address !== "object")
      throw new Error("the site is there inside tests and hooks only");
    return `http://127.0.0.1:${address.port}`;
  };
  return {
    get origin() {
      return originOf();
    },
    page(html, headers = {}) {
      const path = `/${pages.size}.html`;
      pages.set(path, { html, headers });
      return originOf() + path;
    },
  };
}
