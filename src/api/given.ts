/** Optional fields under `exactOptionalPropertyTypes`: a field that is absent must not be there as undefined. */

/** An object with this key where there is a value, and an empty one where there is none; to be spread. */
export function given<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: V };
}
