/** Where the worker lies, as a browser takes it that asks for Trusted Types (W3C): the one script address that is ever made. */
import address from "./feed.worker.ts?worker&url";

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

export function workerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  // The name is the one that the gateway's Content-Security-Policy allows.
  const policy = trustedTypes?.createPolicy("octokube", {
    createScriptURL: (url) => {
      if (url !== address) throw new TypeError("this is not the page's worker");
      return url;
    },
  });
  return policy?.createScriptURL(address) ?? address;
}
