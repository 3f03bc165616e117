// Moving an account to a new device: this one begins, shows a code, and then the number that the new one asks for.
import { serverTime } from "./clock";
import { alert, ask, button, el, focusOn, icon, put, say, svg, type Child } from "./dom";
import { PAGE } from "./place";
import { spelledCode, Unreachable, type Move, type Server, type Stage } from "./protocol";
import { isolated } from "./shown";
import type { OwnAccount } from "./store";
import { t } from "./texts";
import { unlocked } from "./unlock";
import { whyNot } from "./why";

const AGAIN_MS = 2_000;

const leaving = new Set<string>();

// Whether the account of this identifier goes from this device as soon as the new one is active.
export function isLeaving(id: string): boolean {
  return leaving.has(id);
}

export class Moving {
  private readonly stopping = new AbortController();
  private readonly place = el("div", { class: "stack" });
  private readonly keeps = el("input", { type: "checkbox", id: "move-keeps" });
  private readonly dialog: HTMLDialogElement;
  private open: Move | null = null;

  // `hasForeign`: there are accounts of other services, which stay.
  constructor(
    private readonly server: Server,
    private readonly account: OwnAccount,
    private readonly hasForeign: boolean,
  ) {
    this.dialog = ask(t("move.title"), this.place);
    this.dialog.classList.add("stack");
    this.dialog.addEventListener("close", () => this.leave());
    this.showBeginning();
  }

  private show(...parts: Child[]): void {
    this.place.replaceChildren();
    put(this.place, ...parts);
  }

  // Closed before its end, it is canceled: the new device may be a stranger's. It ends by itself where nobody hears that.
  private leave(): void {
    this.stopping.abort();
    if (!this.open) return;
    leaving.delete(this.account.id);
    void this.server.cancelMove(this.open.token).catch(() => undefined);
  }

  private get credential(): string {
    return this.account.moveCredential;
  }

  private get closing(): HTMLElement {
    return button(t("cancel"), "", "", () => this.dialog.close());
  }

  private showBeginning(problem = ""): void {
    const begin = button(t("move.begin"), "main", "", () => void this.begin(begin));
    this.show(
      problem && alert("bad", el("p", {}, problem)),
      el("p", {}, t("move.lead")),
      el("label", { class: "tick", for: this.keeps.id }, this.keeps, el("span", {}, t("move.keep"))),
      this.hasForeign && alert("wait", el("p", {}, t("move.foreign"))),
      this.credential && el("p", { class: "hint" }, t("request.unlock")),
      el("div", { class: "row" }, begin, this.closing),
    );
  }

  private async begin(begin: HTMLElement): Promise<void> {
    if (begin.hasAttribute("aria-busy")) return;
    begin.setAttribute("aria-busy", "true");
    try {
      const old = this.keeps.checked ? "keep" : "remove";
      const move = await this.server.beginMove(this.account, old, serverTime(), (text) =>
        unlocked(this.account, { unlock: this.credential ? "use" : "", credential: this.credential }, text),
      );
      this.open = move;
      if (!this.keeps.checked) leaving.add(this.account.id);
      await this.showCode(move);
      await this.follow(move);
    } catch (problem) {
      if (!this.stopping.signal.aborted) this.showBeginning(whyNot(problem));
    }
  }

  private async showCode(move: Move): Promise<void> {
    const link = `${location.origin}${PAGE}#activate=${move.code}`;
    const { encode } = await import("./qr");
    const heading = el("p", {}, t("move.scan"));
    this.show(
      heading,
      el("div", { class: "qr", role: "img", "aria-label": t("move.qr") }, drawn(encode(link))),
      el("p", { class: "soft" }, t("move.type", { address: `${location.origin}${PAGE}` })),
      el("p", { class: "big-code" }, spelledCode(move.code)),
      el("p", { class: "soft small waiting" }, icon("wait"), el("span", {}, t("move.waits"))),
      el("div", { class: "row" }, this.closing),
    );
    focusOn(heading);
  }

  // Show each stage as it comes, until the last, or until the person closes this.
  private async follow(move: Move): Promise<void> {
    let seen = "code";
    while (!this.stopping.signal.aborted) {
      try {
        const stage = await this.server.moveStage(move.token, seen, this.stopping.signal);
        if (stage.name !== seen) this.showStage(stage);
        if (stage.name === "active" || stage.name === "over") {
          this.open = null;
          return;
        }
        seen = stage.name;
      } catch (problem) {
        if (!(problem instanceof Unreachable)) throw problem;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  private showStage({ name, device, number }: Stage): void {
    const named = { device: isolated(device) };
    if (name === "number") {
      const asked = el("p", {}, t("move.number", named));
      const digits = [...number].join(" "); // "07" is no seven.
      const shown = el("p", { class: "number large", role: "img", "aria-label": digits }, number);
      this.show(asked, shown, el("p", { class: "soft" }, t("move.number_hint")), el("div", { class: "row" }, this.closing));
      focusOn(asked);
      say(`${t("move.number", named)}: ${digits}`);
    } else if (name === "active") this.showEnd("good", t(this.keeps.checked ? "move.added" : "move.done", named));
    else {
      leaving.delete(this.account.id);
      this.showEnd("bad", t("move.failed"));
    }
  }

  private showEnd(tone: "good" | "bad", words: string): void {
    const told = alert(tone, el("p", {}, words));
    this.show(told, el("div", { class: "row" }, button(t("close"), "main", "", () => this.dialog.close())));
    focusOn(told);
    say(words);
  }
}

function drawn(rows: readonly boolean[][]): SVGElement {
  const dark = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return svg("svg", { viewBox: `0 0 ${rows.length} ${rows.length}` }, svg("path", { d: dark.join("") }));
}
