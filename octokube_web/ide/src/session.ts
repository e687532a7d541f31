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
  /** What the identity provider is called; "" when there is none. */
  readonly provider: string;
  /** Whether local accounts sign in with a name and a password. */
  readonly has_passwords: boolean;
  /** Why this browser's last sign-in at the provider failed; told once. */
  readonly notice: string;
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
/** Signs out here; and there, when the answer is the provider's address for that. */
export const signOut = () => ask<{ sign_out_url: string } | undefined>("/api/v1/session", { method: "DELETE" });
/** Where to go to sign in at the provider, and to come back to this view. */
export const providerAddress = (location: Location) =>
  `/api/v1/signin?return_to=${encodeURIComponent(location.pathname + location.search)}`;
export const signIn = (token: string) =>
  ask<Person>("/api/v1/session", { method: "POST", body: JSON.stringify({ token }) });

export async function signInWithPassword(name: string, password: string): Promise<Person> {
  await ask<void>("/api/v1/session", { method: "POST", body: JSON.stringify({ name, password }) });
  return ask<Person>("/api/v1/session");
}

/** Who is signed in; undefined when nobody is. */
export async function whoIsThere(): Promise<Person | undefined> {
  try {
    return await ask<Person | undefined>("/api/v1/session");
  } catch (refusal) {
    if (refusal instanceof Refused && refusal.status === 401) return undefined;
    throw refusal;
  }
}

/** A program that waits to be let in as whoever has signed in. */
export interface WaitingProgram {
  readonly client_name: string;
  readonly begun_at: string;
}

export const findProgram = (code: string) =>
  ask<WaitingProgram>("/api/v1/device", { method: "POST", body: JSON.stringify({ user_code: code }) });
export const decideProgram = (code: string, isConfirmed: boolean) =>
  ask<object>("/api/v1/device/decision", {
    method: "POST",
    body: JSON.stringify({ user_code: code, is_confirmed: isConfirmed }),
  });
