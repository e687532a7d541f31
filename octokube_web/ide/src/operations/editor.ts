/** A YAML editor that checks and completes by a type's schema. It lives in a shadow root, where CodeMirror's styles need no
 * style element, so that the page's content security policy holds. */
import { autocompletion, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, defaultHighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap, type Diagnostic } from "@codemirror/lint";
import { EditorState, type Text } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { isPair, isScalar, isSeq, parseDocument, visit, type Document as YamlDocument, type Pair } from "yaml";
import type { Json } from "../state/merge-patch";
import { check, fieldsAt, type Path, type Schema } from "./schema";

export interface Editor {
  text(): string;
  focus(): void;
  destroy(): void;
}

export function openEditor(home: HTMLElement, text: string, label: string, schema: () => Schema | undefined, changed: (text: string) => void): Editor {
  const root = home.shadowRoot ?? home.attachShadow({ mode: "open" });
  const place = document.createElement("div");
  root.replaceChildren(place);
  const view = new EditorView({
    root,
    parent: place,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        bracketMatching(),
        indentUnit.of("  "),
        yaml(),
        syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
        lintGutter(),
        linter((now) => diagnosticsOf(now.state.doc.toString(), schema()), { delay: 300 }),
        autocompletion({ override: [(context) => completionsOf(context, schema())] }),
        // Tab leaves the editor, as everywhere on the page.
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
        STYLE,
      ],
    }),
  });
  return { text: () => view.state.doc.toString(), focus: () => view.focus(), destroy: () => view.destroy() };
}

const STYLE = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", color: "var(--text)", backgroundColor: "var(--ground)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "var(--raised)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selected) !important" },
  ".cm-tooltip": { color: "var(--text)", backgroundColor: "var(--raised)", border: "1px solid var(--line-strong)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--text)", backgroundColor: "var(--selected)" },
  ".cm-completionInfo": { maxWidth: "380px" },
  ".cm-line span": { color: "inherit" },
});

/** What is wrong with a text, by its form and by the schema. */
export function diagnosticsOf(text: string, schema: Schema | undefined): Diagnostic[] {
  const document = parseDocument(text, { prettyErrors: false });
  const broken = document.errors.map((error): Diagnostic => ({ from: clamp(error.pos[0], text), to: clamp(error.pos[1], text), severity: "error", message: error.message }));
  if (broken.length > 0 || !schema) return broken;
  return check(schema, document.toJS() as Json).map(({ path, message, isAboutName }) => {
    const [from, to] = rangeOf(document, path, isAboutName);
    return { from: clamp(from, text), to: clamp(Math.max(to, from), text), severity: "warning", message };
  });
}

function rangeOf(document: YamlDocument, path: Path, isAboutName: boolean): readonly [number, number] {
  const last = path.at(-1);
  const parent = document.getIn(path.slice(0, -1), true) as { items?: unknown[] } | undefined;
  if (typeof last === "string") {
    const pair = parent?.items?.find((item) => isScalar((item as Pair).key) && ((item as Pair).key as { value: unknown }).value === last) as Pair | undefined;
    const key = pair?.key as { range?: [number, number, number] } | undefined;
    if (key?.range && (isAboutName || !pair?.value)) return [key.range[0], key.range[1]];
  }
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  if (!node?.range) return [0, 0];
  // Of a whole object or list its beginning is enough.
  return isScalar(node) ? [node.range[0], node.range[1]] : [node.range[0], node.range[0] + 1];
}

const clamp = (place: number, text: string) => Math.max(0, Math.min(place, text.length));

/** Names of fields, where a line begins with one. */
export function completionsOf(context: Pick<CompletionContext, "state" | "pos" | "explicit">, schema: Schema | undefined): CompletionResult | null {
  if (!schema) return null;
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const found = /^(\s*(?:- )*)([\w$-]*)$/.exec(before);
  if (!found || (!context.explicit && !found[2])) return null;
  const indent = (found[1] ?? "").length;
  const path = pathAt(context.state.doc, line.number, found[1] ?? "");
  const fields = fieldsAt(schema, path);
  if (fields.length === 0) return null;
  return {
    from: context.pos - (found[2] ?? "").length,
    options: fields.map(({ name, type, description }) => ({
      label: name,
      detail: type,
      info: description || undefined,
      type: "property",
      apply: type === "object" || type === "array" ? `${name}:\n${" ".repeat(indent + 2)}` : `${name}: `,
    })),
    validFor: /^[\w$-]*$/,
  };
}

const CURSOR = "octokubeCursor";

/** The path of the object that a line's member belongs to. `prefix` is what stands before the member: blanks and dashes. */
export function pathAt(doc: Text, number: number, prefix: string): Path {
  const lines = doc.toString().split("\n");
  lines[number - 1] = `${prefix}${CURSOR}: x`;
  let found: (string | number)[] = [];
  visit(parseDocument(lines.join("\n"), { prettyErrors: false, uniqueKeys: false }), {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key) || pair.key.value !== CURSOR) return undefined;
      const way = [...ancestors, pair];
      found = way.flatMap((node, index): (string | number)[] => {
        const next = way[index + 1];
        if (isSeq(node) && next) return [node.items.indexOf(next)];
        return isPair(node) && node !== pair && isScalar(node.key) ? [String(node.key.value)] : [];
      });
      return visit.BREAK;
    },
  });
  return found;
}
