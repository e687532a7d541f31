/** The palette understands what a person means, and puts the best first. */
import { expect, test } from "vitest";
import type { ClusterInfo, TypeInfo } from "../src/feed/messages";
import { askedBy, commandOffers, placeMeant, ranked, typeMeant } from "../src/ui/palette-items";

const type = (name: string, kind: string, shortNames: string[] = [], namespaced = true): TypeInfo => ({
  type: name, group: name.split(".").slice(1).join("."), kind, namespaced, shortNames, columns: [], condition: "synced", reason: "",
});
const cluster: ClusterInfo = {
  name: "harbour",
  health: { condition: "live", since: 0, reason: "" },
  types: [type("pods", "Pod", ["po"]), type("podtemplates", "PodTemplate"), type("nodes", "Node", ["no"], false), type("deployments.apps", "Deployment", ["deploy"])],
  namespaces: ["payments", "search"],
};

test("the first sign says in what is looked", () => {
  expect(askedBy(" web ")).toEqual({ in: "objects", text: "web" });
  expect(askedBy("> theme")).toEqual({ in: "commands", text: "theme" });
  expect(askedBy("#dep").in).toBe("types");
  expect(askedBy("@prod").in).toBe("clusters");
  expect(askedBy(":po")).toEqual({ in: "places", text: "po" });
});

test("the beginning of a text, then of a word, then its middle", () => {
  expect(ranked(["reload", "go to a load", "load"], "load", (text) => text)).toEqual(["load", "go to a load", "reload"]);
  expect(ranked(["sign out", "another theme"], "out sign", (text) => text)).toEqual(["sign out"]);
});

test.each([["po", "pods"], ["Pod", "pods"], ["pods", "pods"], ["deploy", "deployments.apps"], ["deployments", "deployments.apps"], ["node", "nodes"], ["podt", "podtemplates"]])(
  "%s means %s",
  (word, name) => expect(typeMeant(cluster, word)?.type).toBe(name),
);

test("a place is a type, perhaps a namespace, and a filter", () => {
  expect(placeMeant(cluster, "po payments web status:running")?.change).toMatchObject({ type: "pods", namespace: "payments", filter: "web status:running" });
  expect(placeMeant(cluster, "po elsewhere")?.change).toMatchObject({ type: "pods", namespace: "", filter: "elsewhere" });
  expect(placeMeant(cluster, "no payments")?.change).toMatchObject({ type: "nodes", namespace: "", filter: "payments" });
  expect(placeMeant(cluster, "unknown")).toBeUndefined();
});

test("a command is chosen by its title and says its keys", () => {
  const offers = commandOffers([{ title: "Another theme", run: () => undefined }, { title: "Keyboard help", keys: "?", run: () => undefined }], "help");
  expect(offers.map(({ title, detail }) => [title, detail])).toEqual([["Keyboard help", "?"]]);
});
