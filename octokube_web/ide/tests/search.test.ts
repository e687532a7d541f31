/** Searching part by part, and making selectors of labels. */
import { create, toJson, type JsonValue } from "@bufbuild/protobuf";
import { afterEach, expect, test, vi } from "vitest";
import { SearchHitSchema, SearchResponseSchema, type SearchHit } from "../src/gen/octokube/v1/cluster_service_pb";
import { grouped, labelsOf, requirementsOf, search, toggleRequirement, type Finding } from "../src/search/search";

const hit = (type: string, name: string, labels: string[] = [], cluster = "one"): SearchHit =>
  create(SearchHitSchema, { cluster, key: { type, name }, labels });
const ASKED = { text: "web", labels: "app=web", cluster: "", type: "pods", namespace: "" };

afterEach(() => vi.unstubAllGlobals());

/** A hub that answers with these parts, one after the other. */
function answering(parts: readonly (readonly SearchHit[])[], asked: JsonValue[] = []) {
  let part = 0;
  vi.stubGlobal("fetch", async (_: string, request: { body: string }) => {
    asked.push(JSON.parse(request.body) as JsonValue);
    const hits = [...(parts[part++] ?? [])];
    const next = part < parts.length ? new Uint8Array([part]) : new Uint8Array();
    return new Response(JSON.stringify(toJson(SearchResponseSchema, create(SearchResponseSchema, { hits, searched: 10n, next }))));
  });
  return asked;
}

async function told(limit = 100, signal = new AbortController().signal): Promise<Finding[]> {
  const findings: Finding[] = [];
  await search(ASKED, limit, (finding) => findings.push(finding), signal);
  return findings;
}

test("what is found is told part by part, each going on where the one before ended", async () => {
  const asked = answering([[hit("pods", "a")], [], [hit("pods", "b")]]);
  const findings = await told();
  expect(findings.map(({ is, hits, searched }) => [is, hits.length, searched])).toEqual([["searching", 1, 10], ["searching", 1, 20], ["done", 2, 30]]);
  expect(asked.map((one) => (one as { after?: string }).after)).toEqual([undefined, "AQ==", "Ag=="]);
  expect(asked[0]).toMatchObject({ text: "web", within: { clusters: ["*"], types: ["pods"], namespaces: ["**"], labelSelector: "app=web" } });
});

test("a search that finds too much stops and says so", async () => {
  const asked = answering([[hit("pods", "a"), hit("pods", "b")], [hit("pods", "c"), hit("pods", "d")], []]);
  expect((await told(3)).at(-1)).toMatchObject({ is: "stopped", hits: { length: 3 } });
  expect(asked.length).toBe(2);
});

test("a search that nobody waits for any more tells nothing and asks nothing", async () => {
  const stop = new AbortController();
  const asked = answering([[hit("pods", "a")], [hit("pods", "b")]]);
  stop.abort();
  expect(await told(100, stop.signal)).toEqual([]);
  expect(asked.length).toBe(1);
});

test("a refusal is told with its sentence, and what was found before is gone", async () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ error: { message: "label_selector can't be read" } }), { status: 400 }));
  expect(await told()).toMatchObject([{ is: "refused", reason: "label_selector can't be read", hits: [] }]);
});

test("hits are grouped by cluster and type as they come", () => {
  const groups = grouped([hit("pods", "a"), hit("services", "a"), hit("pods", "b"), hit("pods", "c", [], "two")]);
  expect(groups.map(({ cluster, type, hits }) => [cluster, type, hits.length])).toEqual([["one", "pods", 2], ["one", "services", 1], ["two", "pods", 1]]);
});

test("labels are counted, the most frequent first", () => {
  expect(labelsOf([hit("pods", "a", ["app=web", "tier=front"]), hit("pods", "b", ["app=web"])])).toEqual([["app=web", 2], ["tier=front", 1]]);
});

test("a requirement is added once and taken away again, whatever stands in brackets", () => {
  expect(toggleRequirement("", "app=web")).toBe("app=web");
  expect(toggleRequirement("env in (a, b),!old", "app=web")).toBe("env in (a, b),!old,app=web");
  expect(toggleRequirement("app=web , env in (a, b)", "app=web")).toBe("env in (a, b)");
  expect(requirementsOf("env in (a, b), app")).toEqual(["env in (a, b)", "app"]);
});
