/** One tick a second for everything on the page that counts time; none while nobody looks. */
import { Store } from "../store";

export const clock = new Store(Date.now());

setInterval(() => {
  if (document.visibilityState === "visible") clock.set(Date.now());
}, 1000);
document.addEventListener("visibilitychange", () => clock.set(Date.now()));
