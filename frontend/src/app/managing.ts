// One account, managed: named, moved to another device, and removed.
import { alert, ask, button, el, field, put, say } from "./dom";
import { Moving } from "./moving";
import { Refusal, Unreachable, type Server } from "./protocol";
import { isolated, others } from "./shown";
import { accounts, amend, forget, type Account, type OwnAccount } from "./store";
import { locale, t } from "./texts";
import { whyNot } from "./why";

const LONGEST_NAME = 64;

export class Managing {
  constructor(
    private readonly server: Server,
    private readonly changed: () => Promise<void>,
  ) {}

  manage(account: Account): void {
    const added = new Intl.DateTimeFormat(locale(), { dateStyle: "long" }).format(new Date(account.addedAt));
    const close = (): void => dialog.close();
    const dialog: HTMLDialogElement = ask(
      nameOf(account),
      account.issuer && account.account ? el("p", { class: "soft" }, others(account.account)) : null,
      this.naming(account, close),
      this.moving(account, close),
      el("p", { class: "soft small" }, `${t("account.added")}: ${added}`),
      el(
        "div",
        { class: "row apart" },
        button(t("account.remove"), "danger-quiet", "", () => {
          close();
          this.askRemoval(account);
        }),
        button(t("close"), "", "", close),
      ),
    );
  }

  private naming(account: Account, close: () => void): HTMLElement {
    const isOwn = account.kind === "own";
    const kept = isOwn ? account.device : account.issuer || account.account;
    const name = field(
      t(isOwn ? "account.device" : "account.label"),
      { name: "name", maxlength: LONGEST_NAME, value: kept },
      isOwn ? t("account.device_hint") : "",
    );
    const save = el("button", { type: "submit", class: "button" }, t("account.save"));
    const send = async (): Promise<void> => {
      const typed = name.input.value.trim();
      if (!typed) return name.complain(t("account.name_missing"));
      try {
        if (account.kind === "own") await this.renameOwn(account, typed);
        else await amend(account.id, { issuer: typed });
      } catch (problem) {
        return name.complain(whyNot(problem));
      }
      close();
      say(t("account.saved"));
      await this.changed();
    };
    return el(
      "form",
      {
        class: "stack close",
        novalidate: true,
        submit: (event) => {
          event.preventDefault();
          void send();
        },
      },
      name.whole,
      el("div", {}, save),
    );
  }

  private moving(account: Account, close: () => void): HTMLElement | null {
    if (account.kind !== "own" || !account.isActive || account.isGone) return null;
    const move = async (): Promise<void> => {
      const hasForeign = (await accounts()).some((each) => each.kind === "foreign");
      close();
      new Moving(this.server, account, hasForeign);
    };
    return el("div", {}, button(t("move.title"), "", "app", () => void move()));
  }

  private async renameOwn(account: OwnAccount, name: string): Promise<void> {
    await this.server.rename(account.token, name);
    await amend(account.id, { device: name });
  }

  private askRemoval(account: Account): void {
    const problems = el("div", { "aria-live": "polite" });
    const remove = button(t("account.remove"), "danger", "", () => void this.remove(account, dialog, problems, remove));
    const dialog: HTMLDialogElement = ask(
      t("account.remove_title", { account: nameOf(account) }),
      el("p", {}, t(account.kind === "own" ? "account.remove_ours" : "account.remove_foreign")),
      problems,
      el(
        "div",
        { class: "row" },
        button(t("cancel"), "", "", () => dialog.close()),
        remove,
      ),
    );
  }

  private async remove(
    account: Account,
    dialog: HTMLDialogElement,
    problems: HTMLElement,
    remove: HTMLElement,
  ): Promise<void> {
    if (remove.hasAttribute("aria-busy")) return;
    remove.setAttribute("aria-busy", "true");
    try {
      if (account.kind === "own") await this.removeAtServer(account);
      await this.forget(account, dialog);
    } catch (problem) {
      remove.removeAttribute("aria-busy");
      const isCutOff = problem instanceof Unreachable;
      const told = alert("bad", el("p", {}, isCutOff ? t("account.remove_unreachable") : whyNot(problem)));
      problems.replaceChildren(told);
      if (isCutOff) {
        put(
          problems,
          button(t("account.remove_here"), "danger-quiet", "", () => void this.forget(account, dialog)),
        );
      }
    }
  }

  // What the server knows no more is removed already.
  private async removeAtServer(account: OwnAccount): Promise<void> {
    try {
      await this.server.remove(account.token);
    } catch (problem) {
      if (!(problem instanceof Refusal && problem.code === "not_activated")) throw problem;
    }
  }

  private async forget(account: Account, dialog: HTMLDialogElement): Promise<void> {
    await forget(account.id);
    dialog.close();
    say(t("account.removed", { account: nameOf(account) }));
    await this.changed();
  }
}

function nameOf(account: Account): string {
  return isolated(account.issuer || account.account);
}
