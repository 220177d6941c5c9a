/** The whole HTTP layer over sessions and documents in memory: what any runtime with Web-standard APIs can serve. */
import type { ExecutionContext } from "hono";
import { createApp } from "../../src/api/app.ts";
import { PartBuffers } from "../../src/api/part-buffers.ts";
import { newWorld } from "./core-chat.ts";
import { MemoryDocuments } from "./memory-documents.ts";
import { MemorySessions } from "./memory-port.ts";
import type { World } from "./memory-session.ts";
import { BASE, configOf, KEY } from "./settings.ts";

/** A deployment in memory with one service, `shop`. */
export interface MemoryApp {
  readonly world: World;
  readonly sessions: MemorySessions;
  readonly buffers: PartBuffers;
  /** Answers a request with no bindings behind it, and no execution context unless one is given. */
  fetch(request: Request, context?: ExecutionContext): Promise<Response>;
}

/** A new deployment; `table` is the service's table of options. */
export function memoryApp(table: Record<string, unknown> = {}): MemoryApp {
  const config = configOf({ ...BASE, DEV_ISSUER_KEY: KEY, SERVICE_SHOP: table });
  const world = newWorld();
  const sessions = new MemorySessions(world);
  const documents = new MemoryDocuments(world.store);
  const buffers = new PartBuffers();
  const app = createApp<object>({
    config: () => ({ ok: true, config }),
    ports: (_env, waitUntil) => ({
      session: (placement) => sessions.port(placement),
      library: () => {
        throw new Error("there is no library in memory");
      },
      lobby: () => {
        throw new Error("there is no lobby in memory");
      },
      directory: () => {
        throw new Error("there is no directory in memory");
      },
      documents: () => documents,
      limiter: () => undefined,
      scanner: () => undefined,
      buffers,
      now: () => world.now,
      waitUntil,
    }),
  });
  return { world, sessions, buffers, fetch: async (request, context) => app.fetch(request, {}, context) };
}
