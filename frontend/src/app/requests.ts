// The part of the page with requests: one watch for all accounts of ours, one card for each request.
import { alert, button, el, focusOn, icon, put, say } from "./dom";
import { learnTime, wrongBySeconds } from "./clock";
import { RequestCard, type Deciding } from "./request_card";
import { isLeaving } from "./moving";
import { Refusal, type Request, type RequestList, type Server } from "./protocol";
import { cut, isolated } from "./shown";
import { amend, forget, loseEndpoint, type OwnAccount } from "./store";
import { t } from "./texts";
import { unlocked } from "./unlock";
import { Watch, type Found } from "./watching";

const STAYS_MS = 8_000;

interface Watched {
  account: OwnAccount;
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
  private readonly watching: Watch;
  private isCutOff = false;
  private isAside = false;

  constructor(
    private readonly server: Server,
    // The accounts are other than before.
    private readonly changed: () => Promise<void>,
    // One of them has nothing to say to this account any more: its notification goes.
    private readonly quiet: (account: OwnAccount) => void,
    // The server signs what it sends to push services with another key than before, or does not know any more where to
    // wake this device.
    private readonly unsettled: () => void,
  ) {
    this.watching = new Watch(server, {
      found: (found) => void this.take(found),
      unreachable: (words) => this.cutOff(words),
    });
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
    for (const [id, { cards }] of this.watched) {
      if (accounts.some((account) => account.id === id)) continue;
      for (const card of cards.values()) if (!card.isOver) card.whole.remove();
      this.watched.delete(id);
    }
    for (const account of accounts) {
      const present = this.watched.get(account.id);
      if (present) present.account = account;
      else this.watched.set(account.id, { account, cards: new Map() });
    }
    this.watching.watch(accounts);
    this.refresh();
  }

  stop(): void {
    this.watching.stop();
  }

  look(): Promise<void> {
    return this.watching.look();
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

  private async take(found: readonly Found[]): Promise<void> {
    this.isCutOff = false;
    let isChanged = false;
    let isUnsettled = false;
    for (const [id, list] of found) {
      const watched = this.watched.get(id);
      if (!watched) continue;
      const { pushKey } = watched.account;
      if (list instanceof Refusal) isChanged = (await this.close(watched, list)) || isChanged;
      else {
        learnTime(list.now);
        this.show(watched, list);
        isChanged = (await this.remember(watched.account, list)) || isChanged;
        isUnsettled ||= list.pushKey !== "" && list.pushKey !== pushKey;
        isUnsettled = (!list.isWoken && (await loseEndpoint(id))) || isUnsettled;
      }
    }
    this.tellTrouble("");
    if (isChanged) await this.changed();
    if (isUnsettled) this.unsettled();
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

  // Returns whether anything is other than before.
  private async remember(account: OwnAccount, list: RequestList): Promise<boolean> {
    const isTested = !list.requests.some((request) => request.kind === "activation");
    const now = {
      issuer: list.issuer || account.issuer,
      account: list.account || account.account,
      pushKey: list.pushKey || account.pushKey,
      hasOtherWay: list.otherWay,
      moveCredential: list.moveCredential,
      isActive: account.isActive || isTested,
      isGone: false,
    };
    const isSame = Object.entries(now).every(([name, value]) => account[name as keyof typeof now] === value);
    if (!isSame) await amend(account.id, now);
    return !isSame;
  }

  private async close({ account, cards }: Watched, refusal: Refusal): Promise<boolean> {
    if (account.isGone) return false;
    if (refusal.code === "activation_failed") {
      await forget(account.id);
      const isTold = [...cards.values()].some((card) => card.isOver);
      if (!isTold) this.leave("bad", t("outcome.activation_failed"));
    } else if (isLeaving(account.id)) {
      await forget(account.id);
      this.leave("info", t("move.left", { account: isolated(account.issuer || account.account) }));
    } else {
      await amend(account.id, { isGone: true });
      say(t("not_activated"));
    }
    return true;
  }

  private cutOff(words: string): void {
    this.isCutOff = true;
    this.tellTrouble(words);
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
        void this.look();
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
    const isBare = this.list.childElementCount === 0;
    this.whole.hidden = isBare && (this.isAside || this.watched.size === 0);
    this.check.hidden = this.watched.size === 0;
    this.empty.hidden = !isBare || this.isCutOff;
    if (count > 0) this.emptyNote.textContent = t("requests.none_hint");
    const name = t("name");
    document.title = count > 0 ? t("requests.document_title", { count, name }) : name;
    this.whole.classList.toggle("waits", count > 0);
  }
}
