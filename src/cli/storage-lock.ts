/** Keeps two servers from running on one storage folder, where each would have its own copy of every object. */
import { createHash } from "node:crypto";
import { realpath, rm } from "node:fs/promises";
import { createConnection, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandError } from "./project.ts";

/** A lock that is held until `release`, or until the process ends in whatever way. */
export interface StorageLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of an existing folder. It is a listening local socket, since the system itself ends that with the process:
 * nothing stays behind that could be mistaken for a server.
 * @throws CommandError when another server, in this or another process, has the folder.
 */
export async function lockStorage(directory: string): Promise<StorageLock> {
  const path = socketPath(await realpath(directory));
  if (await answers(path)) throw new CommandError(`another server is running on the storage in ${directory}`);
  if (process.platform !== "win32") await rm(path, { force: true });
  const server = await listen(path);
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Not inside the folder: the path of a local socket may have about 100 bytes only. */
function socketPath(directory: string): string {
  const name = `satchel-${createHash("sha256").update(directory).digest("hex").slice(0, 24)}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.on("error", reject).listen(path, () => resolve(server));
  });
}
