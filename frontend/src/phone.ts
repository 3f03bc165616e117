// The simulated phone, live: its screen is asked for as soon as it is another, its forms are sent without leaving the
// page, its keys are those of the keyboard too, and what is said is spoken if that is wished.
import { tellMoments } from "./moments";

const KEYS = "0123456789*#";
const PAUSE_MS = 2000;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

export function keepPhoneLive(page: Document): void {
  const found = page.querySelector<HTMLElement>("[data-phone]");
  if (found) new LivePhone(page, found).start();
}

class LivePhone {
  private readonly parts = new Map<string, string>();
  private sending: Promise<unknown> = Promise.resolve();
  private speaks = false;
  private lastCall = "";
  private lastSaid = 0;

  constructor(
    private readonly page: Document,
    private readonly place: HTMLElement,
  ) {}

  start(): void {
    for (const part of this.place.querySelectorAll<HTMLElement>("[data-part]")) this.remember(part);
    this.page.addEventListener("submit", (event) => this.send(event));
    this.page.addEventListener("keydown", (event) => this.press(event));
    this.offerSpeech();
    this.page.querySelector<HTMLElement>("[data-phone-keyboard]")?.removeAttribute("hidden");
    this.toNewest();
    void this.follow();
  }

  // --- what the phone shows --------------------------------------------------------------------------

  private async follow(): Promise<void> {
    for (;;) {
      const known = this.version();
      const began = performance.now();
      try {
        const query = new URLSearchParams({ number: this.place.dataset["number"] ?? "", since: known });
        const answer = await fetch(`${this.place.dataset["phone"]}?${query}`, { redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        this.show(await answer.text());
        this.sayLost(false);
        // A server that answers at once without news is asked slowly.
        if (this.version() === known && performance.now() - began < PAUSE_MS) await pause();
      } catch {
        this.sayLost(true);
        await pause();
      }
    }
  }

  private version(): string {
    return this.screen()?.dataset["version"] ?? "";
  }

  private screen(): HTMLElement | null {
    return this.place.querySelector<HTMLElement>("[data-stage]");
  }

  private show(html: string): void {
    const template = this.page.createElement("template");
    template.innerHTML = html.trim();
    const fresh = template.content.firstElementChild;
    const old = this.screen();
    if (!(fresh instanceof HTMLElement) || !old) return;
    if (fresh.dataset["stage"] !== old.dataset["stage"]) this.replace(old, fresh);
    else this.update(old, fresh);
    this.speakNews();
  }

  private replace(old: HTMLElement, fresh: HTMLElement): void {
    const hadFocus = old.contains(this.page.activeElement);
    const draft = old.querySelector<HTMLInputElement>("input[type=text]")?.value;
    this.parts.clear();
    for (const part of fresh.querySelectorAll<HTMLElement>("[data-part]")) this.remember(part);
    old.replaceWith(fresh);
    const field = fresh.querySelector<HTMLInputElement>("input[type=text]");
    if (field && draft) field.value = draft;
    // Whoever was on the phone with the keyboard stays there, on nothing that Enter would press.
    if (hadFocus) fresh.focus({ preventScroll: true });
    this.afterChange(fresh);
  }

  private update(old: HTMLElement, fresh: HTMLElement): void {
    old.dataset["version"] = fresh.dataset["version"] ?? "";
    for (const part of fresh.querySelectorAll<HTMLElement>("[data-part]")) {
      const name = part.dataset["part"] ?? "";
      const here = old.querySelector<HTMLElement>(`[data-part="${name}"]`);
      if (!here || this.parts.get(name) === part.innerHTML) continue;
      this.remember(part);
      here.innerHTML = part.innerHTML;
    }
    if (old.dataset["news"] !== fresh.dataset["news"]) {
      old.dataset["news"] = fresh.dataset["news"] ?? "";
      this.afterChange(old);
    }
    tellMoments(this.page);
  }

  private remember(part: HTMLElement): void {
    this.parts.set(part.dataset["part"] ?? "", part.innerHTML);
  }

  private afterChange(screen: HTMLElement): void {
    const news = this.page.querySelector("[data-phone-news]");
    if (news) news.textContent = screen.dataset["news"] ?? "";
    tellMoments(this.page);
    this.toNewest();
  }

  private toNewest(): void {
    for (const part of this.place.querySelectorAll("[data-part]")) part.scrollTop = part.scrollHeight;
  }

  private sayLost(isSo: boolean): void {
    const notice = this.page.querySelector<HTMLElement>("[data-phone-lost]");
    if (notice) notice.hidden = !isSo;
  }

  // --- what is done with it --------------------------------------------------------------------------

  private send(event: SubmitEvent): void {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !this.place.contains(form)) return;
    event.preventDefault();
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form, event.submitter)) fields.set(name, String(value));
    const field = form.querySelector<HTMLInputElement>("input[type=text]");
    if (field) field.value = "";
    // A key ends the speech, and so does hanging up.
    if (this.speaks) speechSynthesis.cancel();
    // One after the other: keys that overtake one another would be another number.
    this.sending = this.sending.then(() =>
      fetch(form.action, { method: "POST", body: fields, redirect: "manual" }).catch(() => this.sayLost(true)),
    );
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1 || !KEYS.includes(event.key)) return;
    const target = event.target;
    if (target instanceof Element && target.matches("input, textarea, select")) return;
    const key = this.place.querySelector<HTMLButtonElement>(`button[name="keys"][value="${event.key}"]`);
    if (!key) return;
    event.preventDefault();
    key.classList.add("pressed");
    setTimeout(() => key.classList.remove("pressed"), 150);
    key.form?.requestSubmit(key);
  }

  // --- aloud -----------------------------------------------------------------------------------------

  private offerSpeech(): void {
    const button = this.page.querySelector<HTMLButtonElement>("[data-phone-speak]");
    if (!button || !("speechSynthesis" in window)) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      this.speaks = !this.speaks;
      button.setAttribute("aria-pressed", String(this.speaks));
      if (!this.speaks) speechSynthesis.cancel();
      else this.speakNews();
    });
  }

  private speakNews(): void {
    const call = this.screen()?.dataset["call"] ?? "";
    if (call !== this.lastCall) {
      this.lastCall = call;
      this.lastSaid = 0;
    }
    if (!this.speaks) return;
    for (const said of this.place.querySelectorAll<HTMLElement>("[data-said]")) {
      const number = Number(said.dataset["said"]);
      if (number <= this.lastSaid) continue;
      this.lastSaid = number;
      const words = new SpeechSynthesisUtterance(said.textContent ?? "");
      words.lang = said.lang;
      speechSynthesis.speak(words);
    }
  }
}
