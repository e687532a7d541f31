/**
 * A document for xterm that keeps to a Content-Security-Policy without 'unsafe-inline': its style elements become
 * constructed style sheets, and style attributes are set as properties. Both are what the policy lets scripts do.
 */
export function strictDocument(home: HTMLElement): Document {
  const owner = home.ownerDocument;
  return new Proxy(owner, {
    get(target, name) {
      if (name === "createElement") return (tag: string) => elementOf(target, tag);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** Runs `work`, in which xterm asks the page's own document for a style element whatever document it was given. */
export function withoutStyleElements(owner: Document, work: () => void): void {
  const create = owner.createElement.bind(owner);
  owner.createElement = ((tag: string, options?: ElementCreationOptions) =>
    tag === "style" ? sheetInPlaceOf(owner, create("template")) : create(tag, options)) as Document["createElement"];
  try {
    work();
  } finally {
    Reflect.deleteProperty(owner, "createElement"); // the prototype's own shows again
  }
}

function elementOf(owner: Document, tag: string): HTMLElement {
  // An empty style element is a violation already; a template is as invisible, and as empty.
  if (tag === "style") return sheetInPlaceOf(owner, owner.createElement("template"));
  const element = owner.createElement(tag);
  const setAttribute = element.setAttribute.bind(element);
  element.setAttribute = (name, value) => {
    if (name === "style") element.style.cssText = value;
    else setAttribute(name, value);
  };
  return element;
}

/** An element that stays empty, with a style sheet that follows what is written into it for as long as it is not removed. */
function sheetInPlaceOf(owner: Document, element: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet();
  owner.adoptedStyleSheets = [...owner.adoptedStyleSheets, sheet];
  let text = "";
  Object.defineProperty(element, "textContent", {
    get: () => text,
    set: (css: string) => {
      text = css;
      sheet.replaceSync(css);
    },
  });
  const remove = element.remove.bind(element);
  element.remove = () => {
    owner.adoptedStyleSheets = owner.adoptedStyleSheets.filter((one) => one !== sheet);
    remove();
  };
  return element;
}
