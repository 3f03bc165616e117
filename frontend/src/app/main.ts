// The authenticator app: what it holds, which view is shown, and who tells whom.
import { AccountCard } from "./account_card";
import { codeInHash } from "./activation";
import { Adding } from "./adding";
import { alert, el, icon, put, say } from "./dom";
import { register, takeNewVersion } from "./installing";
import { Managing } from "./managing";
import { Offers } from "./offers";
import { named } from "./place";
import { Server } from "./protocol";
import { settleWaking } from "./push";
import { Requests } from "./requests";
import { isolated } from "./shown";
import { accounts, amendSettings, settings, type Account, type OwnAccount } from "./store";
import { chooseLanguage, isLanguage, language, loadTexts, t } from "./texts";

const TICK_MS = 250;
const ADDING = "#add";
const THEMES = ["auto", "light", "dark"];

class App {
  private readonly server = new Server(language);
  private readonly place = document.getElementById("content") as HTMLElement;
  private readonly managing = new Managing(this.server, () => this.refresh());
  private readonly list = el("ul", { class: "accounts" });
  private readonly column = el("div", { class: "stack wide-gaps column" });
  private title!: HTMLElement;
  private holdings!: HTMLElement;
  private readonly others = new BroadcastChannel(named("vestibule-accounts"));
  private registration: ServiceWorkerRegistration | null = null;
  private offers!: Offers;
  private requests!: Requests;
  private cards: AccountCard[] = [];
  private adding: Adding | null = null;
  private isNew = false;

  async start(): Promise<void> {
    this.build();
    await this.route();
    window.addEventListener("hashchange", () => void this.route());
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && void this.requests.look(),
    );
    window.addEventListener("online", () => void this.requests.look());
    window.addEventListener("offline", () => void this.requests.look());
    this.others.addEventListener("message", () => void this.refresh(false));
    setInterval(() => this.tick(), TICK_MS);
    await this.install();
  }

  // Everything that speaks a language, anew.
  private build(): void {
    this.cards = [];
    this.title = el("h1", { class: "for-readers" }, t("name"));
    this.holdings = el(
      "section",
      { class: "stack", "aria-labelledby": "accounts" },
      el("div", { class: "row apart" }, el("h2", { id: "accounts" }, t("accounts.title"))),
      this.list,
    );
    this.requests = new Requests(
      this.server,
      () => this.refresh(),
      (account) => void this.quiet(account),
      () => void this.settle(),
    );
    this.offers = new Offers(
      this.server,
      () => this.registration,
      () => this.registration && takeNewVersion(this.registration),
    );
    if (this.isNew) this.offers.newVersion();
  }

  async speak(chosen: string): Promise<void> {
    if (!isLanguage(chosen)) return;
    await loadTexts(chosen);
    await amendSettings({ language: chosen });
    tellPage();
    this.requests.stop();
    this.build();
    await this.route();
  }

  private tick(): void {
    if (document.visibilityState === "hidden") return;
    this.requests.tick();
    for (const card of this.cards) card.tick();
  }

  // --- views --------------------------------------------------------------------------------------------

  private async route(): Promise<void> {
    const code = codeInHash(location.hash);
    // The code is used once and must not stay in the history.
    if (code !== null) history.replaceState(null, "", ADDING);
    const was = this.adding;
    was?.leave();
    this.adding = location.hash === ADDING ? this.makeAdding() : null;
    await this.refresh(false);
    if (code === null) this.adding?.focus();
    else this.adding?.takeLink(code);
    // A request may have come meanwhile, and have the focus.
    if (was && !this.adding && !this.place.contains(document.activeElement)) this.place.focus();
  }

  private makeAdding(): Adding {
    return new Adding(
      this.server,
      (account) => void this.added(account),
      () => (location.hash = ""),
    );
  }

  private async added(account: Account): Promise<void> {
    location.hash = "";
    say(t("add.added", { account: isolated(account.issuer || account.account) }));
    this.others.postMessage("changed");
    // Some browsers ask the person. Keys that a browser clears away mean another activation.
    await navigator.storage?.persist?.();
    await this.settle();
  }

  // Show what is kept now.
  private async refresh(isOurs = true): Promise<void> {
    const held = await accounts();
    const own = held.filter((account): account is OwnAccount => account.kind === "own");
    this.requests.watch(own);
    this.cards = held.map(
      (account) => this.cards.find((card) => card.shows(account)) ?? new AccountCard(account, this.managing),
    );
    const stoodHere = this.list.contains(document.activeElement);
    arrange(
      this.list,
      this.cards.map((card) => card.whole),
    );
    if (stoodHere && !this.list.contains(document.activeElement)) this.place.focus();
    this.show(held, own.length > 0);
    await this.offerThings(held);
    if (isOurs) this.others.postMessage("changed");
  }

  private show(held: readonly Account[], hasOwn: boolean): void {
    const toAdding = document.getElementById("to-adding");
    if (toAdding) toAdding.hidden = held.length === 0 || this.adding !== null;
    const main = this.adding ? this.adding.whole : held.length > 0 ? this.holdings : this.welcome();
    this.requests.standAside(this.adding !== null);
    const isDesk = held.length > 0 && hasOwn && !this.adding;
    this.place.className = isDesk ? "home" : "narrow";
    if (this.adding) return arrange(this.place, [this.requests.whole, main]);
    if (held.length === 0) return arrange(this.place, [this.requests.whole, main, this.offers.whole]);
    arrange(this.column, [this.requests.whole, this.offers.whole]);
    arrange(this.place, [this.title, this.column, main]);
  }

  private welcome(): HTMLElement {
    const begin = el("a", { class: "button main", href: ADDING }, icon("plus"), el("span", {}, t("welcome.begin")));
    return el(
      "section",
      { class: "card empty welcome" },
      icon("app"),
      el("h1", {}, t("welcome.title")),
      el("p", {}, t("welcome.lead")),
      begin,
    );
  }

  // --- the worker ---------------------------------------------------------------------------------------

  private async install(): Promise<void> {
    const ready = (): void => {
      this.isNew = true;
      this.offers.newVersion();
    };
    // A browser may refuse workers: then the app works while it is open and there is a network.
    this.registration = await register(ready).catch(() => null);
    navigator.serviceWorker?.addEventListener("message", (event) => event.data === "look" && void this.requests.look());
    await this.offerThings(await accounts());
    await this.settle();
  }

  private async offerThings(held: readonly Account[]): Promise<void> {
    await this.offers.show(held.filter((account) => account.kind === "own").filter((account) => !account.isGone));
  }

  private async settle(): Promise<void> {
    if (!this.registration) return;
    // The server may be away, or the browser's push service: then the next start tries again.
    await settleWaking(this.registration, this.server).catch(() => undefined);
  }

  private async quiet(account: OwnAccount): Promise<void> {
    for (const shown of (await this.registration?.getNotifications({ tag: account.id })) ?? []) shown.close();
  }
}

// What stands there already stays, with the focus that may be in it.
function arrange(place: HTMLElement, parts: readonly HTMLElement[]): void {
  for (const child of [...place.children]) if (!parts.includes(child as HTMLElement)) child.remove();
  parts.forEach((part, index) => {
    if (place.children[index] !== part) place.insertBefore(part, place.children[index] ?? null);
  });
}

// --- the frame around it ----------------------------------------------------------------------------------

function tellPage(): void {
  document.documentElement.lang = language();
  for (const each of document.querySelectorAll<HTMLElement>("[data-text]")) {
    each.textContent = t(each.dataset["text"] ?? "");
  }
  for (const each of document.querySelectorAll<HTMLElement>("[data-label]")) {
    each.setAttribute("aria-label", t(each.dataset["label"] ?? ""));
  }
  for (const each of document.querySelectorAll<HTMLElement>("[data-language]")) {
    each.setAttribute("aria-pressed", String(each.dataset["language"] === language()));
  }
}

function color(theme: string): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  for (const each of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
    each.setAttribute("aria-pressed", String(each.dataset["themeChoice"] === theme));
  }
}

function offerChoices(app: App): void {
  for (const each of document.querySelectorAll<HTMLElement>("[data-language]")) {
    each.addEventListener("click", () => void app.speak(each.dataset["language"] ?? ""));
  }
  for (const each of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
    const theme = each.dataset["themeChoice"] ?? "auto";
    each.addEventListener("click", () => void amendSettings({ theme }).finally(() => color(theme)));
  }
}

async function begin(): Promise<void> {
  const kept = await settings().catch(() => null);
  const theme = THEMES.find((each) => each === kept?.theme) ?? "auto";
  color(theme);
  await loadTexts(chooseLanguage(kept?.language, navigator.languages));
  tellPage();
  const missing = !window.isSecureContext ? "insecure" : !kept ? "no_store" : "";
  if (missing) return put(document.getElementById("content") as HTMLElement, alert("bad", el("p", {}, t(missing))));
  const app = new App();
  offerChoices(app);
  await app.start();
}

void begin();
