// The part of the page with requests: one watch for each account of ours, one card for each request.
import { alert, button, el, focusOn, icon, put, say } from "./dom";
import { learnTime, wrongBySeconds } from "./clock";
import { RequestCard, type Deciding } from "./request_card";
import type { Request, RequestList, Server } from "./protocol";
import { cut, isolated } from "./shown";
import { amend, forget, type OwnAccount } from "./store";
import { t } from "./texts";
import { unlocked } from "./unlock";
import { Watch, type Standing } from "./watching";

const MOST_WAITING = 4;
const STAYS_MS = 8_000;

interface Watched {
  account: OwnAccount;
  readonly watch: Watch;
  standing: Standing;
  readonly cards: Map<string, RequestCard>;
}

export class Requests {
  readonly whole = el("section", { class: "stack requests", "aria-labelledby": "requests" });
  private readonly heading = el("h2", { id: "requests" });
  private readonly trouble = el("div", { role: "status" });
  private readonly list = el("div", { class: "stack" });
  private readonly empty = el("div", { class: "card nothing" });
  private readonly emptyNote = el("p", { class: "soft" });
  private readonly check: HTMLButtonElement;
  private watched = new Map<string, Watched>();
  private isAside = false;

  constructor(
    private readonly server: Server,
    // The accounts are other than before.
    private readonly changed: () => Promise<void>,
    // One of them has nothing to say to this account any more: its notification goes.
    private readonly quiet: (account: OwnAccount) => void,
  ) {
    this.heading.textContent = t("requests.title");
    this.check = button(t("requests.check"), "little", "again", () => void this.lookNow());
    put(
      this.empty,
      el("span", { class: "disc" }, icon("good")),
      el("div", {}, el("p", { class: "strong" }, t("requests.none")), this.emptyNote),
    );
    this.emptyNote.textContent = t("requests.none_hint");
    put(this.whole, el("div", { class: "row apart" }, this.heading, this.check), this.trouble, this.list, this.empty);
  }

  get count(): number {
    return [...this.watched.values()].reduce((sum, each) => sum + this.live(each), 0);
  }

  // Beside something else only requests are shown, and not that there are none.
  standAside(isSo: boolean): void {
    this.isAside = isSo;
    this.refresh();
  }

  private live(watched: Watched): number {
    return [...watched.cards.values()].filter((card) => !card.isOver).length;
  }

  // Watch these accounts and no others. What is watched already goes on as it is.
  watch(accounts: readonly OwnAccount[]): void {
    for (const [id, { watch, cards }] of this.watched) {
      if (accounts.some((account) => account.id === id)) continue;
      watch.stop();
      for (const card of cards.values()) if (!card.isOver) card.whole.remove();
      this.watched.delete(id);
    }
    accounts.forEach((account, index) => {
      const present = this.watched.get(account.id);
      if (present) present.account = account;
      else this.begin(account, index < MOST_WAITING);
    });
    this.refresh();
  }

  private begin(account: OwnAccount, waits: boolean): void {
    const { id } = account;
    const watch = new Watch(
      this.server,
      account.token,
      {
        list: (list) => void this.take(id, list),
        standing: (standing, words) => void this.stand(id, standing, words),
      },
      waits,
    );
    this.watched.set(id, { account, watch, standing: "begins", cards: new Map() });
    watch.start();
  }

  stop(): void {
    for (const { watch } of this.watched.values()) watch.stop();
  }

  async look(): Promise<void> {
    await Promise.all([...this.watched.values()].map(({ watch }) => watch.look()));
  }

  private async lookNow(): Promise<void> {
    this.check.setAttribute("aria-busy", "true");
    await this.look();
    this.check.removeAttribute("aria-busy");
    if (this.count > 0 || this.isCutOff) return;
    this.emptyNote.textContent = t("requests.checked");
    say(t("requests.checked"));
  }

  tick(): void {
    for (const { cards } of this.watched.values()) for (const card of cards.values()) card.tick();
  }

  // --- what the server tells --------------------------------------------------------------------------

  private async take(id: string, list: RequestList): Promise<void> {
    const watched = this.watched.get(id);
    if (!watched) return;
    learnTime(list.now);
    this.show(watched, list);
    await this.remember(watched.account, list);
  }

  private show(watched: Watched, list: RequestList): void {
    const fresh: RequestCard[] = [];
    for (const request of list.requests) {
      const card = watched.cards.get(request.id);
      if (card) card.update(request);
      else fresh.push(this.add(watched, request));
    }
    const named = new Set(list.requests.map((request) => request.id));
    for (const [requestId, card] of watched.cards) if (!named.has(requestId)) card.vanish();
    this.refresh();
    if (fresh[0]) this.announce(fresh[0]);
  }

  private add(watched: Watched, request: Request): RequestCard {
    const card = new RequestCard(request, watched.account.issuer, this.deciding(watched));
    watched.cards.set(request.id, card);
    this.list.append(card.whole);
    return card;
  }

  // Whoever types something else goes on typing, and is told.
  private announce(card: RequestCard): void {
    const busy = document.activeElement?.matches("input, textarea, select") || document.querySelector("dialog[open]");
    const onAnother = [...this.watched.values()].some(({ cards }) =>
      [...cards.values()].some((one) => !one.isOver && one.hasFocus),
    );
    if (busy || onAnother) say(t("requests.arrived", { application: isolated(card.name) }));
    else card.focus();
  }

  private async remember(account: OwnAccount, list: RequestList): Promise<void> {
    const isTested = !list.requests.some((request) => request.kind === "activation");
    const names = { issuer: list.issuer || account.issuer, account: list.account || account.account };
    const isActive = account.isActive || isTested;
    const isSame = names.issuer === account.issuer && names.account === account.account;
    if (isSame && isActive === account.isActive && !account.isGone) return;
    await amend(account.id, { ...names, isActive, isGone: false });
    await this.changed();
  }

  private async stand(id: string, standing: Standing, words: string): Promise<void> {
    const watched = this.watched.get(id);
    if (!watched) return;
    watched.standing = standing;
    this.tellTrouble(words);
    if (standing !== "gone" || watched.account.isGone) return;
    // An account whose activation was never finished is nothing to keep.
    if (watched.account.isActive) {
      await amend(id, { isGone: true });
      say(t("not_activated"));
    } else {
      await forget(id);
      this.leave("bad", t("outcome.activation_failed"));
    }
    await this.changed();
  }

  private get isCutOff(): boolean {
    return [...this.watched.values()].some(({ standing }) => standing === "unreachable");
  }

  private tellTrouble(words: string): void {
    const seconds = wrongBySeconds();
    const cutOff = this.isCutOff ? cut(words, 300) || t(navigator.onLine ? "unreachable" : "offline") : "";
    const told = cutOff || (seconds > 0 ? t("clock_wrong", { seconds }) : "");
    if (this.trouble.textContent !== told) {
      this.trouble.replaceChildren(...(told ? [alert("wait", el("p", {}, told))] : []));
    }
    this.refresh();
  }

  // --- what becomes of cards --------------------------------------------------------------------------

  private deciding(watched: Watched): Deciding {
    return {
      decide: (request, given) =>
        this.server.answer(watched.account, request, given, (text) => unlocked(watched.account, request, text)),
      activated: async () => {
        await amend(watched.account.id, { isActive: true });
        await this.changed();
      },
      activationFailed: async () => {
        await forget(watched.account.id);
        await this.changed();
      },
      over: (card) => {
        this.quiet(watched.account);
        void watched.watch.look();
        this.refresh();
        this.leaveLater(card.whole, () => watched.cards.delete(card.id));
      },
    };
  }

  private leave(tone: "bad" | "info", words: string): void {
    const told = alert(tone, el("p", {}, words));
    this.list.append(told);
    say(words);
    this.leaveLater(told, () => undefined);
  }

  // What is over is read for a while. Whoever stands on it is led back to the heading.
  private leaveLater(told: HTMLElement, gone: () => void): void {
    setTimeout(() => {
      const stood = told.contains(document.activeElement);
      told.remove();
      gone();
      this.refresh();
      if (stood) focusOn(this.heading);
    }, STAYS_MS);
  }

  private refresh(): void {
    const { count } = this;
    this.whole.hidden = this.isAside ? this.list.childElementCount === 0 : this.watched.size === 0;
    this.empty.hidden = this.list.childElementCount > 0 || this.isCutOff;
    if (count > 0) this.emptyNote.textContent = t("requests.none_hint");
    const name = t("name");
    document.title = count > 0 ? t("requests.document_title", { count, name }) : name;
    this.whole.classList.toggle("waits", count > 0);
  }
}
