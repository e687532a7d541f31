/** Finds out which pages are open to the reader. Apart from their list, so that the contract is loaded when it is needed. */
import { PAGES } from ".";
import { ClusterService } from "../gen/octokube/v1/cluster_service_pb";
import { ask } from "./hub";

/** The ids of the pages that policy opens to the reader, as the hub decides. */
export async function findOpenPages(): Promise<readonly string[]> {
  const open = await Promise.all(
    PAGES.map(async ({ needs: needed }) => {
      if (!needed) return true;
      const key = { type: needed.type, namespace: "cluster", name: "" };
      const told = await ask(ClusterService.method.explainAccess, { cluster: "octokube", key, verbs: [needed.verb] });
      return told.answers[0]?.isAllowed ?? false;
    }),
  );
  return PAGES.filter((_, index) => open[index]).map((one) => one.id);
}
