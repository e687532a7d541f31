/** Keeps each distinct text of a table once, for as long as a cell holds it. */
export class Dictionary {
  private readonly codes = new Map<string, number>();
  private readonly texts: (string | undefined)[] = [];
  private readonly counts: number[] = [];
  private readonly naturals: (string | undefined)[] = [];
  private readonly lowers: (string | undefined)[] = [];
  private readonly free: number[] = [];

  /** How many distinct texts are held. */
  get size(): number {
    return this.codes.size;
  }

  text(code: number): string {
    return this.texts[code] as string;
  }

  /** As it sorts. */
  natural(code: number): string {
    return (this.naturals[code] ??= natural(this.text(code)));
  }

  /** As it is searched. */
  lower(code: number): string {
    return (this.lowers[code] ??= this.text(code).toLowerCase());
  }

  /** The text's code, held once more. */
  take(text: string): number {
    let code = this.codes.get(text);
    if (code === undefined) {
      code = this.free.pop() ?? this.texts.length;
      this.codes.set(text, code);
      this.texts[code] = text;
      this.counts[code] = 0;
    }
    this.counts[code]! += 1;
    return code;
  }

  /** Held once less; nothing remains of a text that no cell holds. */
  release(code: number): void {
    if ((this.counts[code]! -= 1) > 0) return;
    this.codes.delete(this.texts[code] as string);
    this.texts[code] = this.naturals[code] = this.lowers[code] = undefined;
    this.free.push(code);
  }
}

/** Text with its numbers at equal length, so that "web-2" sorts before "web-10" by code units alone. */
export function natural(text: string): string {
  return /\d/.test(text) ? text.replace(/\d+/g, (digits) => digits.padStart(12, "0")) : text;
}
