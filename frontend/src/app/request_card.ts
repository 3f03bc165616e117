// One request that waits: who asks, and what can be said to it. The card never decides by itself.
import { alert, ask, button, el, field, focusOn, icon, put, say, type Field } from "./dom";
import { Refusal, type Answered, type Given, type Request } from "./protocol";
import { Ring } from "./ring";
import { cut, isolated, others } from "./shown";
import { locale, t } from "./texts";
import { whyNot } from "./why";

const LONGEST_NUMBER = 12;
const LONGEST_PIN = 32;
const NOTHING = { number: "", pin: "", newPin: "" };

export interface Deciding {
  decide(request: Request, given: Given): Promise<Answered>;
  // The card is done with: take it away after a while.
  over(card: RequestCard): void;
  // How the test at the end of an activation ended.
  activated(): Promise<void>;
  activationFailed(): Promise<void>;
}

export class RequestCard {
  readonly whole: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly body = el("div", { class: "stack" });
  private readonly seconds = el("span", { class: "figures" });
  private readonly ring = new Ring();
  private number: Field | null = null;
  private pin: Field | null = null;
  private newPin: NewPin | null = null;
  private deadline: number;
  private readonly lifetime: number;
  private isBusy = false;
  isOver = false;

  constructor(
    private readonly request: Request,
    private readonly issuer: string,
    private readonly deciding: Deciding,
  ) {
    this.deadline = performance.now() + request.secondsLeft * 1000;
    this.lifetime = Math.max(1000, request.expiresAt - request.askedAt, request.secondsLeft * 1000);
    const id = `request-${request.id}`;
    this.heading = el("h2", { id }, this.isActivation ? t("request.activation") : t("request.question"));
    const time = el("p", { class: "time-left" }, this.ring.whole, this.seconds);
    this.whole = el("article", { class: "card request", "aria-labelledby": id }, this.top(time), this.body);
    put(this.body, this.facts(), this.form());
    this.tick();
  }

  get id(): string {
    return this.request.id;
  }

  // The name of the application, to be said and not to be marked up.
  get name(): string {
    return this.isActivation ? cut(this.issuer) : cut(this.request.application) || t("request.unknown_application");
  }

  private get isActivation(): boolean {
    return this.request.kind === "activation";
  }

  get hasFocus(): boolean {
    return this.whole.contains(document.activeElement);
  }

  focus(): void {
    focusOn(this.heading);
  }

  // The same request, asked for again. What is signed stays what is shown: only the time is taken over.
  update(request: Request): void {
    this.deadline = performance.now() + request.secondsLeft * 1000;
  }

  tick(): void {
    if (this.isOver) return;
    const left = Math.max(0, this.deadline - performance.now());
    this.ring.show(left / this.lifetime);
    const count = Math.ceil(left / 1000);
    const words = t("request.left", { count });
    if (this.seconds.textContent !== words) this.seconds.textContent = words;
    if (left === 0 && !this.isBusy) {
      this.end("wait", t(this.isActivation ? "outcome.activation_failed" : "outcome.expired", this.named));
    }
  }

  // The server's list does not have it any more.
  vanish(): void {
    if (!this.isOver && !this.isBusy) this.end("info", t("outcome.over", this.named));
  }

  private get named(): Record<string, string> {
    return { application: isolated(this.name) };
  }

  // --- what is shown ----------------------------------------------------------------------------------

  private top(time: HTMLElement): HTMLElement {
    return el(
      "header",
      { class: "request-top" },
      el("span", { class: "disc" }, icon(this.isActivation ? "app" : "key")),
      el("div", {}, this.heading, time),
    );
  }

  private facts(): HTMLElement {
    const { application, account, place, country, askedAt } = this.request;
    const facts = el("dl", { class: "facts" });
    const add = (name: string, value: string | Node, classes = ""): void =>
      put(facts, el("div", { class: classes }, el("dt", {}, t(`request.${name}`)), el("dd", {}, value)));
    if (!this.isActivation) {
      add("application", application ? others(application) : t("request.unknown_application"), "first");
    }
    const belongs = el("span", {}, others(account), this.issuer && " · ", this.issuer && others(this.issuer));
    add("account", belongs);
    if (place) add("place", others(place));
    const where = countryName(country);
    if (where) add("country", where);
    add("asked", askedWhen(askedAt));
    return facts;
  }

  private form(): HTMLElement {
    const { digits, withPin, pinDue, unlock, hindrance, fraud } = this.request;
    if (digits > 0 && !hindrance) {
      this.number = field(t(this.isActivation ? "request.number_activation" : "request.number"), {
        class: "big-number",
        inputmode: "numeric",
        pattern: "[0-9 ]*",
        maxlength: LONGEST_NUMBER,
        name: "number",
      });
    }
    if (withPin && !hindrance) {
      this.pin = pinField("pin");
      this.newPin = new NewPin(pinDue);
    }
    const approve = el(
      "button",
      { class: "button main", type: "submit" },
      icon("good"),
      el("span", {}, t(this.isActivation ? "request.activate" : "request.approve")),
    );
    const deny = button(t(this.isActivation ? "cancel" : "request.deny"), "", "bad", () => void this.send({ ...NOTHING, decision: "deny" }));
    const form = el(
      "form",
      {
        class: "stack",
        novalidate: true,
        submit: (event) => {
          event.preventDefault();
          void this.approve();
        },
      },
      hindrance && alert("wait", el("p", {}, t(`request.${hindrance}`))),
      this.number?.whole,
      this.pin?.whole,
      this.newPin?.whole,
      unlock && el("p", { class: "hint" }, t("request.unlock")),
      el("div", { class: "choice" }, !hindrance && approve, deny),
    );
    if (fraud !== "off" && !this.isActivation) {
      put(
        form,
        button(t("request.fraud"), "danger-quiet plain", "warning", () => this.askFraud()),
      );
    }
    return form;
  }

  // --- what is decided --------------------------------------------------------------------------------

  private async approve(): Promise<void> {
    const number = (this.number?.input.value ?? "").replace(/\s/g, "");
    const pin = this.pin?.input.value ?? "";
    const newPin = this.newPin?.value ?? "";
    const { digits } = this.request;
    if (this.number && !new RegExp(`^[0-9]{${digits}}$`).test(number)) {
      return this.number.complain(t("request.number_missing", { count: digits }));
    }
    if (this.pin && !pin) return this.pin.complain(t("request.pin_missing"));
    if (this.newPin?.isLacking()) return;
    await this.send({ decision: "approve", number, pin, newPin });
  }

  private askFraud(): void {
    const kind = this.request.fraud === "blocks" ? "blocks" : "reports";
    const dialog: HTMLDialogElement = ask(
      t("request.fraud_title"),
      el("p", {}, t(`request.fraud_${kind}`)),
      el(
        "div",
        { class: "row" },
        button(t("cancel"), "", "", () => dialog.close()),
        button(t(`request.fraud_confirm_${kind}`), "danger", "", () => {
          dialog.close();
          void this.send({ ...NOTHING, decision: "fraud" });
        }),
      ),
    );
  }

  private async send(given: Given): Promise<void> {
    if (this.isBusy || this.isOver) return;
    this.busy(true);
    try {
      await this.take(await this.deciding.decide(this.request, given));
    } catch (problem) {
      await this.takeProblem(problem);
    } finally {
      this.busy(false);
    }
  }

  private busy(isSo: boolean): void {
    this.isBusy = isSo;
    for (const each of this.whole.querySelectorAll("button")) {
      if (isSo) each.setAttribute("aria-busy", "true");
      else each.removeAttribute("aria-busy");
    }
  }

  private async take({ outcome, triesLeft, message }: Answered): Promise<void> {
    switch (outcome) {
      case "approved":
        if (this.isActivation) await this.deciding.activated();
        return this.end("good", t(this.isActivation ? "outcome.activated" : "outcome.approved", this.named));
      case "denied":
        return this.endDenied(t("outcome.denied", this.named), "info");
      case "reported":
        return this.end("info", t("outcome.reported", this.named));
      case "number_wrong":
      case "pin_wrong":
        return this.again(outcome, triesLeft);
      case "pin_expired":
        return this.newPin?.demand(t("outcome.pin_expired"));
      case "pin_unsuitable":
        return this.newPin?.demand(cut(message, 300));
      default:
        return this.endDenied(cut(message, 300) || t("outcome.refused", this.named), "bad");
    }
  }

  private async again(outcome: "number_wrong" | "pin_wrong", triesLeft: number): Promise<void> {
    if (triesLeft <= 0) return this.endDenied(t("outcome.no_tries", this.named), "bad");
    const wrong = outcome === "number_wrong" ? this.number : this.pin;
    if (wrong) wrong.input.value = "";
    wrong?.complain(t(`outcome.${outcome}`, { count: triesLeft }));
    say(t(`outcome.${outcome}`, { count: triesLeft }));
  }

  private async endDenied(words: string, tone: "info" | "bad"): Promise<void> {
    this.end(tone, this.isActivation ? t("outcome.activation_failed") : words);
    if (this.isActivation) await this.deciding.activationFailed();
  }

  private async takeProblem(problem: unknown): Promise<void> {
    if (problem instanceof Refusal && problem.code === "over") return this.end("info", t("outcome.over", this.named));
    if (problem instanceof Refusal && problem.code === "activation_failed") {
      return this.end("bad", t("outcome.activation_failed"));
    }
    const words = whyNot(problem);
    if (problem instanceof Refusal && problem.code === "not_activated") return this.end("bad", words);
    this.body.querySelector(".alert")?.remove();
    this.body.prepend(alert("bad", el("p", {}, words)));
    say(words);
  }

  private end(tone: "good" | "bad" | "info" | "wait", words: string): void {
    const hadFocus = this.hasFocus;
    this.isOver = true;
    const told = alert(tone, el("p", {}, words));
    this.whole.replaceChildren(told);
    this.whole.className = "request-over";
    this.whole.removeAttribute("aria-labelledby");
    if (hadFocus) focusOn(told);
    say(words);
    this.deciding.over(this);
  }
}

function pinField(name: string): Field {
  return field(t(`request.${name}`), {
    type: "password",
    inputmode: "numeric",
    maxlength: LONGEST_PIN,
    autocomplete: "off",
    name,
  });
}

// The PIN that replaces one that is due; hidden until it is.
class NewPin {
  readonly whole: HTMLElement;
  private readonly once = pinField("new_pin");
  private readonly again = pinField("new_pin_again");

  constructor(isDue: boolean) {
    this.whole = el(
      "div",
      { class: "stack", hidden: !isDue },
      el("p", {}, t("request.pin_due")),
      this.once.whole,
      this.again.whole,
    );
  }

  get value(): string {
    return this.once.input.value;
  }

  demand(words: string): void {
    this.whole.hidden = false;
    for (const each of [this.again, this.once]) each.input.value = "";
    this.once.complain(words);
    say(words);
  }

  isLacking(): boolean {
    if (this.whole.hidden) return false;
    if (!this.value) this.once.complain(t("request.new_pin_missing"));
    else if (this.value !== this.again.input.value) this.again.complain(t("request.new_pin_differs"));
    else return false;
    return true;
  }
}

function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return "";
  try {
    return new Intl.DisplayNames([locale()], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function askedWhen(at: number): HTMLElement {
  const then = new Date(at);
  const isToday = then.toDateString() === new Date().toDateString();
  const time = new Intl.DateTimeFormat(
    locale(),
    isToday ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "medium" },
  );
  return el(
    "time",
    { datetime: Number.isNaN(then.getTime()) ? "" : then.toISOString() },
    Number.isNaN(then.getTime()) ? "–" : time.format(then),
  );
}
