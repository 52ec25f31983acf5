/** REST calls; what goes wrong comes back as one error that can be read aloud. */
import { token, tokenRefused } from "./token";
import type { Problem } from "./types";

const TIMEOUT_MS = 10_000;

export class ApiError extends Error {
  override readonly name = "ApiError";

  /** @param status HTTP status; 0 when no answer came. */
  constructor(
    readonly status: number,
    readonly reason: string,
    title: string,
    detail: string,
  ) {
    super(detail === "" || detail === title ? title : `${title}: ${detail}`);
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  const fallback = `Quell answered ${response.status}`;
  try {
    const body = (await response.json()) as Partial<Problem>;
    return new ApiError(response.status, body.reason ?? "", body.title ?? fallback, body.detail ?? "");
  } catch {
    return new ApiError(response.status, "", fallback, response.statusText);
  }
}

async function send(path: string, init: RequestInit, held: string | null): Promise<Response> {
  const headers = new Headers(init.headers);
  if (held !== null) headers.set("Authorization", `Bearer ${held}`);
  try {
    return await fetch(path, { ...init, headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const detail = late ? `no answer within ${TIMEOUT_MS / 1000} s` : "the connection could not be made";
    throw new ApiError(0, "unreachable", "Quell cannot be reached", detail);
  }
}

async function call<Body>(path: string, init: RequestInit): Promise<Body> {
  const held = token();
  const response = await send(path, init, held);
  if (response.status === 401) tokenRefused(held);
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Body;
}

/** GET a JSON body. Throws ApiError. */
export async function get<Body>(path: string): Promise<Body> {
  return call<Body>(path, { headers: { Accept: "application/json" } });
}

/** POST a command once: a repeat with the same key changes nothing. Throws ApiError. */
export async function post<Body>(path: string, body: unknown, key: string): Promise<Body> {
  return call<Body>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
  });
}

/** PUT a whole thing once in the place of the one that stands. Throws ApiError; 409 when another one stands by now. */
export async function put<Body>(path: string, body: unknown, key: string): Promise<Body> {
  return call<Body>(path, {
    method: "PUT",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
  });
}

/** GET a file, for what a link without the token could not have. Throws ApiError. */
export async function getFile(path: string): Promise<Blob> {
  const response = await send(path, {}, token());
  if (!response.ok) throw await problemOf(response);
  return response.blob();
}

/** A key that names one click; also where the page is not a secure context. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
