/** merge applies a JSON merge patch (RFC 7396) and returns the result, which shares what did not change. */
export function merge<T>(target: T, patch: unknown): T {
  if (!isObject(patch)) return patch as T;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (name === "__proto__") continue; // a name that somebody gave would become code's business
    if (value === null) delete result[name];
    else result[name] = merge(result[name], value);
  }
  return result as T;
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}
