/** Signing in and out, over plain HTTP: the token becomes a cookie that no script can read. */
export interface Person {
  readonly subject: string;
  readonly memberships: readonly string[];
}

export interface DemoPerson {
  readonly token: string;
  readonly name: string;
  readonly description: string;
}

export interface About {
  readonly version: string;
  readonly demo_people: readonly DemoPerson[];
}

/** A refusal, with a sentence for the person. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { "Content-Type": "application/json" } });
  } catch {
    throw new Refused(0, "The gateway can't be reached. Check the network and try again.");
  }
  if (response.status === 204) return undefined as T;
  const document: unknown = await response.json().catch(() => undefined);
  if (response.ok) return document as T;
  const error = (document as { error?: { message?: string } } | undefined)?.error;
  throw new Refused(response.status, error?.message ?? `The gateway answered ${response.status}.`);
}

export const about = () => ask<About>("/api/v1/about");
export const signOut = () => ask<void>("/api/v1/session", { method: "DELETE" });
export const signIn = (token: string) =>
  ask<Person>("/api/v1/session", { method: "POST", body: JSON.stringify({ token }) });

/** Who is signed in; undefined when nobody is. */
export async function whoIsThere(): Promise<Person | undefined> {
  try {
    return await ask<Person>("/api/v1/session");
  } catch (refusal) {
    if (refusal instanceof Refused && refusal.status === 401) return undefined;
    throw refusal;
  }
}
