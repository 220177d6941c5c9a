/** A real object of a whole service inside workerd, for tests: it rings only when told to, and loses its memory on demand. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";

/** One object; what it is, its class says. Stop the clock first, or its alarm rings by itself. */
export abstract class TestObject {
  /** The object's stub; a fresh one each time, since eviction breaks none. */
  abstract get stub(): DurableObjectStub<Rpc.DurableObjectBranded>;

  /** Rings the alarm, whenever it is due; false where none is set. */
  alarm(): Promise<boolean> {
    return runDurableObjectAlarm(this.stub);
  }

  /** When the alarm rings; null where none is set. */
  alarmAt(): Promise<number | null> {
    return this.inside((_instance, state) => state.storage.getAlarm());
  }

  /** Loses everything the object has in memory. */
  evict(): Promise<void> {
    return evictDurableObject(this.stub);
  }

  /** Runs code inside the object. */
  inside<R>(code: (instance: object, state: DurableObjectState) => R | Promise<R>): Promise<R> {
    return runInDurableObject(this.stub, code);
  }

  /** Rows of a query on the object's own storage. */
  rows(query: string): Promise<Record<string, SqlStorageValue>[]> {
    return this.inside((_instance, { storage }) => storage.sql.exec(query).toArray());
  }

  /** Replaces bindings of the running object, until it is evicted. */
  async replace(bindings: (own: Env) => Record<string, unknown>): Promise<void> {
    await this.inside((instance) => {
      const own: Env = Reflect.get(instance, "env");
      Reflect.set(instance, "env", { ...own, ...bindings(own) });
    });
  }
}
