/** What every part of the workbench can reach. */
import { createContext, useContext } from "react";
import type { FeedClient } from "../feed/client";

export interface Session {
  readonly feed: FeedClient;
  /** Grows with each sign-in; 0 while nobody is signed in. Views of another epoch show nothing. */
  readonly epoch: number;
  readonly subject: string;
  readonly memberships: readonly string[];
  signOut(): void;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("the workbench is rendered outside of a session");
  return session;
}
