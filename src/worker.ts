/** Entry of the Worker: mounts the app and exports the Durable Object classes; nothing else. */
import { DurableObject } from "cloudflare:workers";

export class ChatSession extends DurableObject {}
export class Directory extends DurableObject {}

export default {
  fetch(): Response {
    return new Response("satchel");
  },
};
