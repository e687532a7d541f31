/** What the explorer lists: clusters, their groups and types, their namespaces with the same again, and objects. */
import type { Catalog, ClusterInfo, TypeInfo } from "../feed/messages";
import type { Place } from "../location";
import { compareGroups, groupTitle, titleOf } from "../ui/format";
import type { Counts } from "./counts";
import { placeOf, type SavedView } from "./saved";

export interface TreeNode {
  readonly id: string;
  readonly kind: "views" | "view" | "cluster" | "group" | "namespaces" | "namespace" | "type" | "object" | "more";
  readonly title: string;
  /** 1 for the outermost. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  /** Undefined: it holds nothing. */
  readonly isOpen: boolean | undefined;
  /** Undefined: not counted. */
  readonly count: number | undefined;
  /** Where it leads; undefined: it only opens. */
  readonly place: Partial<Place> | undefined;
  readonly type: TypeInfo | undefined;
  readonly cluster: ClusterInfo | undefined;
}

/** The objects of an open type that are known so far, and how many there are. */
export interface Listed {
  readonly objects: readonly { readonly namespace: string; readonly name: string }[];
  readonly total: number;
}

export interface TreeQuestion {
  readonly catalog: Catalog | undefined;
  /** The cluster that is open by itself. */
  readonly current: string;
  /** Nodes that are open although they would be closed, or the other way round. */
  readonly toggled: ReadonlySet<string>;
  readonly filter: string;
  readonly counts: Counts | undefined;
  readonly listed: ReadonlyMap<string, Listed>;
  readonly views: readonly SavedView[];
}

const START: Partial<Place> = { page: "", tab: "", name: "", inNamespace: "", filter: "" };

type Draft = Omit<TreeNode, "position" | "siblings"> & { readonly children?: readonly Draft[] };

export function treeOf(question: TreeQuestion): TreeNode[] {
  const wanted = question.filter.trim().toLowerCase();
  const clusters = (question.catalog?.clusters ?? []).map((cluster) => clusterNode(cluster, question, wanted));
  const views = question.views.filter(({ name }) => !wanted || name.toLowerCase().includes(wanted));
  return flat(question.catalog && views.length > 0 ? [viewsNode(views, question), ...clusters] : clusters);
}

function flat(drafts: readonly Draft[]): TreeNode[] {
  return drafts.flatMap(({ children, ...node }, index) => [{ ...node, position: index + 1, siblings: drafts.length }, ...(node.isOpen && children ? flat(children) : [])]);
}

function viewsNode(views: readonly SavedView[], question: TreeQuestion): Draft {
  const shared = { count: undefined, type: undefined, cluster: undefined };
  return {
    ...shared, id: "views", kind: "views", title: "Saved views", level: 1, isOpen: !question.toggled.has("views"), place: undefined,
    children: views.map((view) => ({ ...shared, id: `view ${view.name}`, kind: "view", title: view.name, level: 2, isOpen: undefined, place: placeOf(view) })),
  };
}

function clusterNode(cluster: ClusterInfo, question: TreeQuestion, wanted: string): Draft {
  const id = `cluster ${cluster.name}`;
  const isOpen = question.toggled.has(id) !== (cluster.name === question.current || wanted !== "");
  const namespaces = cluster.namespaces.filter((name) => !wanted || name.toLowerCase().includes(wanted));
  const listId = `${id}/namespaces`;
  const list: Draft = {
    id: listId, kind: "namespaces", title: "Namespaces", level: 2, isOpen: question.toggled.has(listId) !== (wanted !== ""), count: namespaces.length,
    place: undefined, type: undefined, cluster,
    children: namespaces.map((name) => namespaceNode(cluster, name, question)),
  };
  const groups = groupNodes(cluster, "*", id, 2, question, wanted);
  return {
    id, kind: "cluster", title: cluster.name, level: 1, isOpen, count: undefined, place: undefined, type: undefined, cluster,
    children: namespaces.length > 0 && cluster.types.some((type) => type.namespaced) ? [...groups, list] : groups,
  };
}

function namespaceNode(cluster: ClusterInfo, name: string, question: TreeQuestion): Draft {
  const id = `cluster ${cluster.name}/namespace ${name}`;
  return {
    id, kind: "namespace", title: name, level: 3, isOpen: question.toggled.has(id), count: undefined, place: undefined, type: undefined, cluster,
    children: question.toggled.has(id) ? groupNodes(cluster, name, id, 4, question, "") : [],
  };
}

function groupNodes(cluster: ClusterInfo, namespace: string, parent: string, level: number, question: TreeQuestion, wanted: string): Draft[] {
  const byGroup = new Map<string, TypeInfo[]>();
  for (const type of cluster.types) {
    if (wanted && ![type.type, type.kind, ...type.shortNames].some((word) => word.toLowerCase().includes(wanted))) continue;
    // In a namespace only what is there is worth a line, once that is known.
    if (namespace !== "*" && (!type.namespaced || (question.counts && question.counts.of(cluster.name, namespace, type.type) === 0))) continue;
    byGroup.set(type.group, [...(byGroup.get(type.group) ?? []), type]);
  }
  return [...byGroup]
    .sort(([a], [b]) => compareGroups(a, b))
    .map(([group, types]): Draft => {
      const id = `${parent}/group ${group}`;
      return {
        id, kind: "group", title: groupTitle(group), level, isOpen: wanted !== "" || !question.toggled.has(id), count: undefined, place: undefined, type: undefined, cluster,
        children: types.sort((a, b) => titleOf(a).localeCompare(titleOf(b))).map((type) => typeNode(cluster, namespace, type, parent, level + 1, question)),
      };
    });
}

/** What an open node of a type is known by, where its objects are listed. */
export function typeNodeId(parent: string, type: string): string {
  return `${parent}/type ${type}`;
}

function typeNode(cluster: ClusterInfo, namespace: string, type: TypeInfo, parent: string, level: number, question: TreeQuestion): Draft {
  const id = typeNodeId(parent, type.type);
  const place = { ...START, cluster: cluster.name, type: type.type };
  const listed = question.listed.get(id);
  const rest = (listed?.total ?? 0) - (listed?.objects.length ?? 0);
  const leaf = (child: string, title: string, kind: "object" | "more", leads: Partial<Place>): Draft => ({
    id: `${id}/${child}`, kind, title, level: level + 1, isOpen: undefined, count: undefined, place: leads, type, cluster,
  });
  const objects = (listed?.objects ?? []).map(({ namespace: of, name }) =>
    leaf(`object ${of}/${name}`, namespace === "*" && of ? `${name} (${of})` : name, "object", { ...place, namespace: namespace === "*" ? "" : namespace, name, inNamespace: of }),
  );
  return {
    id, kind: "type", title: titleOf(type), level, isOpen: question.toggled.has(id), type, cluster,
    count: question.counts?.of(cluster.name, namespace, type.type),
    place: namespace === "*" ? place : { ...place, namespace },
    children: rest > 0 ? [...objects, leaf("more", `${rest.toLocaleString("en")} more in the table`, "more", place)] : objects,
  };
}
