/** Calls of methods of objects, and which of them may be made twice. */

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/**
 * Calls a method, once more on a new stub where the platform says that it may be retried (the object was restarted) and
 * the call changes nothing when it runs twice. An overloaded object is never asked again.
 */
export async function invoke<R>(
  fresh: () => unknown,
  method: string,
  args: readonly unknown[],
  repeatable: boolean,
): Promise<R> {
  const attempt = () => {
    const target = (fresh() as Methods)[method];
    if (target === undefined) throw new Error(`the object has no method ${method}`);
    return target(...args) as Promise<R>;
  };
  try {
    return await attempt();
  } catch (error) {
    const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
    if (!repeatable || retryable !== true || overloaded === true) throw error;
    return attempt();
  }
}
