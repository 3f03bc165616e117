// One account: its passcode in large figures, how long it holds, and a way to manage it.
import { button, el, icon, put, say } from "./dom";
import { grouped, leftAt, passcodeAt, stepAt } from "./passcodes";
import { Ring } from "./ring";
import { isolated, others } from "./shown";
import { serverTime } from "./clock";
import type { Account } from "./store";
import { t } from "./texts";

const HIDDEN = "••• •••";
const COPIED_MS = 2500;

export interface Managing {
  manage(account: Account): void;
}

export class AccountCard {
  readonly whole = el("li", { class: "card account" });
  private readonly shown = el("span", { class: "passcode-now" }, HIDDEN);
  private readonly seconds = el("span", { class: "figures small soft", "aria-hidden": "true" });
  private readonly ring = new Ring();
  private step = -1;
  private passcode = "";

  constructor(
    private account: Account,
    private readonly managing: Managing,
  ) {
    const named = this.named;
    const more = button(t("accounts.more_of", { account: named }), "plain icon-only", "settings", () =>
      this.managing.manage(this.account),
    );
    more.querySelector("span")?.classList.add("for-readers");
    more.title = t("accounts.more");
    const names = el(
      "div",
      { class: "names" },
      el("h3", {}, others(account.issuer || account.account)),
      account.issuer && account.account ? el("p", { class: "soft" }, others(account.account)) : null,
    );
    put(this.whole, el("div", { class: "account-top" }, names, more));
    put(this.whole, this.isPending || this.isGone ? this.standing() : this.passcodeRow());
    this.tick();
  }

  // Whether this card shows the account as it is now; from then on it is about that one.
  shows(account: Account): boolean {
    if (facts(account) !== facts(this.account)) return false;
    this.account = account;
    this.step = -1;
    return true;
  }

  get named(): string {
    const { issuer, account } = this.account;
    return isolated([issuer, account].filter(Boolean).join(" · "));
  }

  private get isPending(): boolean {
    return this.account.kind === "own" && !this.account.isActive && !this.account.isGone;
  }

  private get isGone(): boolean {
    return this.account.kind === "own" && this.account.isGone;
  }

  private standing(): HTMLElement {
    const [tone, sign, words] = this.isGone
      ? ["bad", "warning", "not_activated"]
      : ["wait", "wait", "accounts.pending"];
    return el("p", { class: `standing ${tone}` }, icon(sign ?? ""), el("span", {}, t(words ?? "")));
  }

  private passcodeRow(): HTMLElement {
    const copy = button(
      t("accounts.copy_of", { account: this.named }),
      "icon-only",
      "copy",
      () => void this.copy(copy),
    );
    copy.querySelector("span")?.classList.add("for-readers");
    copy.title = t("accounts.copy");
    copy.hidden = !navigator.clipboard;
    return el(
      "div",
      { class: "passcode-row" },
      this.shown,
      el("span", { class: "time-left" }, this.ring.whole, this.seconds),
      copy,
    );
  }

  private async copy(copy: HTMLButtonElement): Promise<void> {
    await navigator.clipboard.writeText(this.passcode);
    copy.classList.add("done");
    copy.querySelector("use")?.setAttribute("href", "#icon-good");
    say(t("accounts.copied"));
    setTimeout(() => {
      copy.classList.remove("done");
      copy.querySelector("use")?.setAttribute("href", "#icon-copy");
    }, COPIED_MS);
  }

  tick(): void {
    if (this.isPending || this.isGone) return;
    // A passcode of ours is judged by our server's clock, one of another service by its own.
    const at = this.account.kind === "own" ? serverTime() : Date.now();
    const parameters = this.account.passcodes;
    const left = leftAt(parameters, at);
    this.ring.show(left / 1000 / parameters.period);
    const seconds = `${Math.ceil(left / 1000)} s`;
    if (this.seconds.textContent !== seconds) this.seconds.textContent = seconds;
    const step = stepAt(parameters, at);
    if (step !== this.step) void this.renew(step, at);
  }

  private async renew(step: number, at: number): Promise<void> {
    this.step = step;
    const passcode = await passcodeAt(this.account.passcodeKey, this.account.passcodes, at);
    if (this.step !== step) return;
    this.passcode = passcode;
    this.shown.textContent = grouped(passcode);
  }
}

function facts(account: Account): string {
  const own = account.kind === "own" ? [account.isActive, account.isGone] : [account.addedAt];
  return JSON.stringify([account.id, account.issuer, account.account, ...own]);
}
