/** `npm run build`: makes `dist/worker` and says how large it is. */
import { buildWorker, describeBuild } from "./build-worker.ts";
import { runCommand } from "./project.ts";

await runCommand(async () => console.log(describeBuild(await buildWorker())));
