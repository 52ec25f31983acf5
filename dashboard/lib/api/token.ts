/** The access token, kept for this tab only, and whether the server asks for one. */
const KEY = "quell.token";

let wanted = false;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of [...listeners]) listener();
}

export function token(): string | null {
  return typeof sessionStorage === "undefined" ? null : sessionStorage.getItem(KEY);
}

export function setToken(value: string): void {
  sessionStorage.setItem(KEY, value);
  wanted = false;
  tell();
}

/** The server refused `used`: ask the person, unless another one was given meanwhile. */
export function tokenRefused(used: string | null): void {
  if (wanted || used !== token()) return;
  wanted = true;
  tell();
}

export function tokenWanted(): boolean {
  return wanted;
}

export function onToken(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The subprotocols that carry the token, or none without one. */
export function subprotocols(): string[] {
  const held = token();
  if (held === null) return [];
  const bytes = new TextEncoder().encode(held);
  const base64 = btoa(String.fromCharCode(...bytes));
  return ["quell.v1", `quell.bearer.${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`];
}
