// What the app offers by itself: to be woken, to be installed, to be renewed, to have another way in. Each offer
// explains before anything is asked of the browser, and can be put aside.
import { installSteps } from "./adding";
import { isInstalled, isIos } from "./device";
import { alert, button, el, icon, put, say, type Child } from "./dom";
import type { Server } from "./protocol";
import { settleWaking, waking } from "./push";
import { isolated } from "./shown";
import { amendSettings, settings, type OwnAccount } from "./store";
import { t } from "./texts";

const BACKUP_AGAIN_MS = 30 * 24 * 3_600_000;

interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

let prompting: InstallPrompt | null = null;

export class Offers {
  readonly whole = el("div", { class: "stack offers" });
  private isNew = false;

  constructor(
    private readonly server: Server,
    private readonly registration: () => ServiceWorkerRegistration | null,
    private readonly renew: () => void,
  ) {
    window.addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      prompting = event as InstallPrompt;
      void this.show(this.own);
    });
    window.addEventListener("appinstalled", () => {
      prompting = null;
      void this.show(this.own);
    });
  }

  private own: readonly OwnAccount[] = [];

  // A new version waits.
  newVersion(): void {
    this.isNew = true;
    void this.show(this.own);
  }

  async show(own: readonly OwnAccount[]): Promise<void> {
    this.own = own;
    const { putAside, backupAsideUntil } = await settings();
    const aside = new Set(putAside);
    const hasOwn = own.length > 0;
    const alone = own.find((account) => account.isActive && !account.hasOtherWay);
    const shown: HTMLElement[] = [];
    if (this.isNew) shown.push(this.version());
    if (hasOwn && this.registration() && waking() === "undecided" && !aside.has("push")) shown.push(this.waking());
    // One thing after the other.
    if (alone && shown.length === 0 && Date.now() >= (backupAsideUntil ?? 0)) shown.push(this.backup(alone));
    if (hasOwn && waking() === "blocked" && !aside.has("blocked")) shown.push(this.blocked());
    if (!isInstalled() && !aside.has("install")) {
      if (prompting) shown.push(this.install(prompting));
      else if (isIos) {
        shown.push(
          this.offer("install", "download", t("install.title"), el("p", {}, t("install.lead")), installSteps()),
        );
      }
    }
    this.whole.replaceChildren(...shown);
  }

  private version(): HTMLElement {
    return el(
      "div",
      { class: "alert info new-version", role: "status" },
      icon("info"),
      el(
        "div",
        {},
        el("p", {}, t("update.ready")),
        el("div", {}, button(t("update.take"), "little", "again", this.renew)),
      ),
    );
  }

  private waking(): HTMLElement {
    const allow = button(t("push.allow"), "main", "bell", () => void this.allow());
    return this.offer(
      "push",
      "bell",
      t("push.offer_title"),
      el("p", {}, t("push.offer")),
      el("div", { class: "row" }, allow, this.aside("push")),
    );
  }

  private async allow(): Promise<void> {
    const registration = this.registration();
    if ((await Notification.requestPermission()) === "granted" && registration) {
      try {
        await settleWaking(registration, this.server);
        say(t("push.on"));
      } catch {
        await this.show(this.own);
        put(this.whole, alert("wait", el("p", {}, t("push.not_possible"))));
        return;
      }
    }
    await this.show(this.own);
  }

  private blocked(): HTMLElement {
    return alert("info", el("p", {}, t("push.blocked")), el("div", {}, this.aside("blocked", t("close"))));
  }

  private backup(account: OwnAccount): HTMLElement {
    const portal = `/portal/${encodeURIComponent(account.tenant)}`;
    const link = { class: "button main", href: portal, target: "_blank", rel: "noopener" };
    return this.offer(
      "backup",
      "key",
      t("backup.title"),
      el("p", {}, t("backup.lead", { account: isolated(account.issuer || account.account) })),
      el(
        "div",
        { class: "row" },
        el("a", link, t("backup.portal")),
        button(t("backup.later"), "plain", "", () => void this.remindLater()),
      ),
    );
  }

  private async remindLater(): Promise<void> {
    await amendSettings({ backupAsideUntil: Date.now() + BACKUP_AGAIN_MS });
    await this.stepAside();
  }

  private install(prompt: InstallPrompt): HTMLElement {
    const ask = button(t("install.button"), "main", "download", () => void prompt.prompt());
    return this.offer(
      "install",
      "download",
      t("install.title"),
      el("p", {}, t("install.lead")),
      el("div", { class: "row" }, ask, this.aside("install")),
    );
  }

  private offer(name: string, sign: string, title: string, ...parts: Child[]): HTMLElement {
    const hasOwnWay = parts.some((part) => part instanceof HTMLElement && part.classList.contains("row"));
    return el(
      "section",
      { class: "card offer" },
      el("span", { class: "disc" }, icon(sign)),
      el(
        "div",
        { class: "stack close" },
        el("h2", {}, title),
        ...parts,
        hasOwnWay ? null : el("div", {}, this.aside(name)),
      ),
    );
  }

  private aside(name: string, words = t("not_now")): HTMLElement {
    return button(words, "plain", "", () => void this.putAside(name));
  }

  private async putAside(name: string): Promise<void> {
    await amendSettings({ putAside: [...((await settings()).putAside ?? []), name] });
    await this.stepAside();
  }

  private async stepAside(): Promise<void> {
    await this.show(this.own);
    document.getElementById("content")?.focus();
  }
}
