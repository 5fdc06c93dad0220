/**
 * Where the rows of a long list are. Own code, since the virtualiser that we would use takes 31 KB
 * of the 180 KB of this bundle, and does not keep the view still when rows come before it.
 */
const ESTIMATE = 44;

export class Layout {
  private readonly heights = new Map<string, number>();
  private keys: string[] = [];
  /** `starts[i]` is the top of row `i`; one more than there are rows. */
  private starts = new Float64Array(1);
  /** Rows before this one are where `starts` says. */
  private valid = 0;

  get count(): number {
    return this.keys.length;
  }

  /** The rows are these now, in this order. */
  place(keys: string[]): void {
    let same = 0;
    const most = Math.min(keys.length, this.keys.length);
    while (same < most && keys[same] === this.keys[same]) same++;
    this.keys = keys;
    this.valid = Math.min(this.valid, same);
  }

  /** A row was measured. Returns whether that moves anything. */
  measure(key: string, height: number): boolean {
    if (this.heights.get(key) === height) return false;
    this.heights.set(key, height);
    // What is measured is in view, and rows in view are mostly the last ones.
    const index = this.keys.lastIndexOf(key);
    if (index >= 0) this.valid = Math.min(this.valid, index);
    return index >= 0;
  }

  top(index: number): number {
    this.update();
    return this.starts[Math.max(0, Math.min(index, this.keys.length))] ?? 0;
  }

  get height(): number {
    return this.top(this.keys.length);
  }

  /** The row that is at a height. */
  at(y: number): number {
    this.update();
    let low = 0;
    let high = this.keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  /** The index of a row that was at `guess` before. */
  find(key: string, guess: number): number {
    return this.keys[guess] === key ? guess : this.keys.indexOf(key);
  }

  private update(): void {
    const count = this.keys.length;
    if (this.valid === count && this.starts.length > count) return;
    if (this.starts.length <= count) {
      const grown = new Float64Array(Math.ceil((count + 1) * 1.5));
      grown.set(this.starts);
      this.starts = grown;
    }
    let top = this.starts[this.valid] ?? 0;
    for (let index = this.valid; index < count; index++) {
      this.starts[index] = top;
      top += this.heights.get(this.keys[index] ?? "") ?? ESTIMATE;
    }
    this.starts[count] = top;
    this.valid = count;
  }
}
