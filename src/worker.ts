/** Entry of the Worker: binds the app to objects and buckets, and exports the classes; nothing else. */
import { directoryPort, documentStore, libraryPort, lobbyPort, sessionPort } from "../durable/kit/objects.ts";
import { createApp } from "./api/app.ts";
import { limiterOf } from "./api/limiters.ts";
import { PartBuffers } from "./api/part-buffers.ts";
import { scannerFor } from "./backends/scanner-for.ts";
import { configFor } from "./config.ts";

export { ChatSession } from "../durable/chat-session/chat-session.ts";
export { Directory } from "../durable/directory/directory.ts";
export { Library } from "../durable/library/library.ts";
export { Lobby } from "../durable/lobby/lobby.ts";
export { UploadRescue } from "./api/rescue.ts";

/** One pool for all requests of this isolate, as its memory is one. */
const buffers = new PartBuffers();

export default createApp<Env>({
  config: (env) => configFor(env),
  assets: (env) => env.ASSETS,
  ports: (env, waitUntil) => ({
    session: (placement) => sessionPort(env, placement),
    library: (place) => libraryPort(env, place),
    lobby: (place) => lobbyPort(env, place),
    directory: (place, month) => directoryPort(env, place, month),
    documents: (jurisdiction) => documentStore(env, jurisdiction),
    limiter: (name) => limiterOf(env, name),
    scanner: () => scannerFor(env),
    buffers,
    now: () => Date.now(),
    waitUntil,
  }),
});
