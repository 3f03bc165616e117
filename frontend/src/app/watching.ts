// Asks the server again and again which requests wait, for all accounts in one question, for as long as the app is open:
// a browser holds few connections open to one server. What it finds it tells; it shows nothing and decides nothing.
import { Refusal, type RequestList, type Server } from "./protocol";

const SHORTEST_MS = 2_000;
const LONGEST_MS = 30_000;

export interface Watched {
  readonly id: string;
  readonly token: string;
}

// What there is for an account: its list, or why it has none.
export type Found = readonly [id: string, found: RequestList | Refusal];

export interface Told {
  found(found: readonly Found[]): void;
  unreachable(words: string): void;
}

export class Watch {
  private accounts: readonly Watched[] = [];
  private readonly seen = new Map<string, string>();
  private readonly closed = new Set<string>();
  private readonly stopping = new AbortController();
  private asking = new AbortController();
  private wake: (() => void) | null = null;
  private failures = 0;
  private hurries = false;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly server: Server,
    private readonly told: Told,
  ) {
    void this.run();
  }

  // Watch these accounts and no others.
  watch(accounts: readonly Watched[]): void {
    const isSame = accounts.map(({ id }) => id).join() === this.accounts.map(({ id }) => id).join();
    this.accounts = accounts;
    if (!isSame) this.hurry();
  }

  stop(): void {
    this.stopping.abort();
    this.hurry();
  }

  // Ask now, and return when there is an answer, or none.
  look(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.hurry();
    });
  }

  private hurry(): void {
    this.hurries = true;
    this.asking.abort();
    this.wake?.();
  }

  private get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const answered = this.waiting;
      this.waiting = [];
      this.hurries = false;
      const rest = await this.askOnce(answered.length > 0);
      for (const resolve of answered) resolve();
      if (!this.hurries && !this.isStopped && rest > 0) await this.pause(rest);
    }
    for (const resolve of this.waiting) resolve();
  }

  // Returns for how long to rest before the next question. Who looks by himself is told at once, and of every account.
  private async askOnce(atOnce: boolean): Promise<number> {
    const asked = this.accounts.filter(({ id }) => atOnce || !this.closed.has(id));
    if (asked.length === 0) return Number.POSITIVE_INFINITY;
    const began = performance.now();
    this.asking = new AbortController();
    try {
      const known = asked.map(({ id, token }) => ({ token, seen: this.seen.get(id) ?? "" }));
      const lists = await this.server.lists(known, !atOnce && this.failures === 0, this.asking.signal);
      const isNews = this.note(asked, lists);
      this.failures = 0;
      // A server that answers at once without news is asked slowly.
      return !isNews && performance.now() - began < SHORTEST_MS ? SHORTEST_MS : 0;
    } catch (problem) {
      return this.hurries || this.isStopped ? 0 : this.afterFailure(problem);
    }
  }

  // Returns whether there is anything new.
  private note(asked: readonly Watched[], lists: readonly (RequestList | Refusal)[]): boolean {
    let isNews = false;
    const found: Found[] = [];
    asked.forEach(({ id }, index) => {
      const list = lists[index];
      if (list === undefined) return;
      const version = list instanceof Refusal ? "" : list.version;
      isNews ||= version !== this.seen.get(id);
      this.seen.set(id, version);
      if (list instanceof Refusal) this.closed.add(id);
      else this.closed.delete(id);
      found.push([id, list]);
    });
    this.told.found(found);
    return isNews;
  }

  private afterFailure(problem: unknown): number {
    this.failures += 1;
    const asked = problem instanceof Refusal ? problem.retrySeconds * 1000 : 0;
    this.told.unreachable(problem instanceof Refusal ? problem.words : "");
    return Math.max(asked, Math.min(LONGEST_MS, SHORTEST_MS * 2 ** (this.failures - 1)));
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const clock = Number.isFinite(milliseconds) ? setTimeout(resolve, milliseconds) : undefined;
      this.wake = () => {
        clearTimeout(clock);
        resolve();
      };
    });
  }
}
