// Asks the server again and again which requests wait for one account, for as long as the app is open. What it finds
// it tells; it shows nothing and decides nothing.
import { Refusal, type RequestList, type Server } from "./protocol";

const SHORTEST_MS = 2_000;
const LONGEST_MS = 30_000;
const APART_MS = 5_000;

export type Standing = "begins" | "connected" | "unreachable" | "gone";

export interface Told {
  list(list: RequestList): void;
  standing(standing: Standing, words: string): void;
}

export class Watch {
  private readonly stopping = new AbortController();
  private asking = new AbortController();
  private wake: (() => void) | null = null;
  private seen = "";
  private failures = 0;
  private hurries = false;
  private waiting: (() => void)[] = [];

  // `waits`: let each question stand until there is news. A browser holds few connections open to one server, so not
  // every account of many can do so.
  constructor(
    private readonly server: Server,
    private readonly token: string,
    private readonly told: Told,
    private readonly waits: boolean,
  ) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
    this.asking.abort();
    this.wake?.();
  }

  // Ask now, and return when there is an answer, or none.
  look(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.hurries = true;
      this.asking.abort();
      this.wake?.();
    });
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

  // Returns for how long to rest before the next question.
  private async askOnce(atOnce: boolean): Promise<number> {
    const known = this.seen;
    const began = performance.now();
    this.asking = new AbortController();
    try {
      const seen = this.waits && !atOnce && this.failures === 0 ? known : "";
      const list = await this.server.requests(this.token, seen, this.asking.signal);
      this.seen = list.version;
      this.failures = 0;
      this.told.list(list);
      this.told.standing("connected", "");
      if (!this.waits) return APART_MS;
      // A server that answers at once without news is asked slowly.
      return list.version === known && performance.now() - began < SHORTEST_MS ? SHORTEST_MS : 0;
    } catch (problem) {
      return this.hurries || this.isStopped ? 0 : this.afterFailure(problem);
    }
  }

  private afterFailure(problem: unknown): number {
    if (problem instanceof Refusal && problem.code === "not_activated") {
      this.told.standing("gone", problem.words);
      return Number.POSITIVE_INFINITY;
    }
    this.failures += 1;
    const asked = problem instanceof Refusal ? problem.retrySeconds * 1000 : 0;
    this.told.standing("unreachable", problem instanceof Refusal ? problem.words : "");
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
