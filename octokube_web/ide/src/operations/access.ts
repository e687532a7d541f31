/** What one may do to an object, as the hub decides, with the sentence why not. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useEffect, useState } from "react";
import { ClusterService } from "../gen/octokube/v1/cluster_service_pb";
import { ask, refusalOf } from "../pages/hub";
import { useStore } from "../store";
import { useSession } from "../ui/context";
import type { Target } from "./target";

export interface Verdict {
  readonly is: "checking" | "allowed" | "denied";
  /** One sentence. */
  readonly sentence: string;
  /** When the clock alone turns it, in milliseconds since 1970; 0: never. */
  readonly changesAt: number;
}

const CHECKING: Verdict = { is: "checking", sentence: "Checking whether you may…", changesAt: 0 };

export type Verdicts = (verb: string) => Verdict;

/** Asked again whenever a window opens or closes, and when the hub says that access has changed. */
export function useAccess(target: Target, verbs: readonly string[], subresource = ""): Verdicts {
  const { feed } = useSession();
  const catalog = useStore(feed.catalog);
  const [told, setTold] = useState<ReadonlyMap<string, Verdict>>(new Map());
  const { cluster, type, namespace, name } = target;
  const wanted = verbs.join(" ");
  useEffect(() => {
    let isCurrent = true;
    const question = { cluster, key: { type, namespace, name }, verbs: wanted.split(" ").filter(Boolean), subresource };
    if (question.verbs.length === 0) return;
    ask(ClusterService.method.explainAccess, question).then(
      ({ answers }) => {
        if (!isCurrent) return;
        setTold(new Map(answers.map((one) => [one.verb, {
          is: one.isAllowed ? "allowed" as const : "denied" as const,
          sentence: one.sentence,
          changesAt: one.changesAt ? timestampMs(one.changesAt) : 0,
        }])));
      },
      (error: unknown) => {
        if (!isCurrent) return;
        const sentence = `Whether you may is not known: ${refusalOf(error).reason}`;
        setTold(new Map(question.verbs.map((verb) => [verb, { is: "denied" as const, sentence, changesAt: 0 }])));
      },
    );
    return () => {
      isCurrent = false;
    };
    // The catalog is told anew when the policy, a team or a window changes what one may see.
  }, [cluster, type, namespace, name, wanted, subresource, catalog]);
  return (verb) => told.get(verb) ?? CHECKING;
}
