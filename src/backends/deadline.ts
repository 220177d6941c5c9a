/** Waiting, but not for ever. */

/** What was waited for did not come in time. */
export class TimedOut extends Error {}

/** What `call` gives, or undefined where it has given nothing after so many milliseconds. The call itself goes on. */
export async function afterAtMost<T>(call: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), milliseconds);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What `call` gives; rejects with `TimedOut` after so many milliseconds. The call itself goes on, heard by nobody. */
export async function within<T>(call: Promise<T>, milliseconds: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimedOut("timed out")), milliseconds);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
