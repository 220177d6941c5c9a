/** A worker that does nothing but scan a file that it is told of, so that the scanners can be tried in their real runtime. */
import { scannerFor } from "../../src/backends/scanner-for.ts";
import { KEY, SECRETS } from "./settings.ts";

/** What is wanted. */
interface ScanOrder {
  /** `[vars.SCANNER]`; the same text is the same configuration, as in one isolate. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** Size that the file is said to have, in bytes. */
  readonly size: number;
  /** Where the file is; absent where it is gone. */
  readonly url?: string;
  /** Asks for version and signatures in place of a scan. */
  readonly state?: true;
}

const REST = {
  ...SECRETS,
  SCANNER_SECRET: KEY,
  SESSIONS: {},
  DIRECTORY: {},
  LIBRARY: {},
  LOBBY: {},
  FILES: {},
  SERVICE_SHOP: { "transcript-email": "never" },
};
const known = new Map<string, object>();

function envOf(settings: ScanOrder["settings"]): object {
  const key = JSON.stringify(settings);
  const env = known.get(key) ?? { ...REST, SCANNER: settings };
  known.set(key, env);
  return env;
}

export default {
  async fetch(request: Request, _env: object, context: ExecutionContext): Promise<Response> {
    // Else the platform would close with the request what a scanner leaves open.
    context.waitUntil(new Promise((resolve) => setTimeout(resolve, 25_000)));
    const order: ScanOrder = await request.json();
    const scanner = scannerFor(envOf(order.settings));
    if (scanner === undefined) return new Response("wrong settings", { status: 500 });
    let opened = false;
    const open = async () => {
      opened = true;
      return order.url === undefined
        ? undefined
        : ((await fetch(order.url)).body ?? new Response("").body ?? undefined);
    };
    try {
      if (order.state) return Response.json({ state: await scanner.state() });
      return Response.json({ verdict: await scanner.scan({ size: order.size, open }), opened });
    } catch (error) {
      return Response.json({ fault: error instanceof Error ? error.message : String(error), opened });
    }
  },
};
