// The view in which an account is added: bring a code or a link, look at what it is, say yes.
import { activate, addForeign, problem, readBrought, sameForeign, type Brought } from "./activation";
import { deviceName, isInstalled, isIos } from "./device";
import { alert, button, el, field, focusOn, icon, put, type Field } from "./dom";
import { describedByHand, type Described } from "./passcodes";
import { Refusal, spelledCode, type Server } from "./protocol";
import { Camera, readPicture } from "./scanner";
import type { Account } from "./store";
import { t } from "./texts";
import { whyNot } from "./why";

const LONGEST_NAME = 64;
const LONGEST_LINK = 2000;

export class Adding {
  readonly whole = el("div", { class: "stack wide-gaps adding" });
  private camera: Camera | null = null;
  private readonly paste = (event: ClipboardEvent): void => {
    const picture = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"));
    if (picture) void this.takePicture(picture);
  };

  constructor(
    private readonly server: Server,
    private readonly added: (account: Account) => void,
    private readonly canceled: () => void,
  ) {
    document.addEventListener("paste", this.paste);
    this.showWays();
  }

  leave(): void {
    document.removeEventListener("paste", this.paste);
    this.closeCamera();
  }

  // A link has been opened: its code is here.
  takeLink(code: string): void {
    void this.take(readBrought(code, location.origin));
  }

  private show(title: string, ...parts: (HTMLElement | null)[]): void {
    this.closeCamera();
    const heading = el("h1", {}, title);
    this.whole.replaceChildren(heading);
    put(this.whole, ...parts);
    if (this.whole.isConnected) focusOn(heading);
  }

  focus(): void {
    const heading = this.whole.querySelector("h1");
    if (heading) focusOn(heading);
  }

  // --- ways to bring it -------------------------------------------------------------------------------

  private showWays(said = ""): void {
    const file = el("input", {
      type: "file",
      accept: "image/*",
      class: "for-readers",
      tabindex: -1,
      "aria-hidden": "true",
    });
    file.addEventListener("change", () => file.files?.[0] && void this.takePicture(file.files[0]));
    const canFilm = "mediaDevices" in navigator;
    const scan = el(
      "section",
      { class: "card stack" },
      el("div", { class: "stack close" }, el("h2", {}, t("add.scan")), el("p", { class: "soft" }, t("add.scan_hint"))),
      el(
        "div",
        { class: "row" },
        canFilm && button(t("add.camera"), "main", "camera", () => void this.film()),
        button(t("add.picture"), "", "picture", () => file.click()),
        file,
      ),
    );
    const cancel = button(t("cancel"), "plain", "", this.canceled);
    this.show(
      t("add.title"),
      said ? alert("bad", el("p", {}, said)) : null,
      scan,
      this.typing(),
      this.byHand(),
      el("div", {}, cancel),
    );
  }

  private typing(): HTMLElement {
    const entry = field(t("add.entry"), { name: "entry", maxlength: LONGEST_LINK, class: "mono" }, t("add.entry_hint"));
    const send = (event: Event): void => {
      event.preventDefault();
      const brought = readBrought(entry.input.value, location.origin);
      if (brought.kind === "problem") entry.complain(brought.words);
      else void this.take(brought);
    };
    const next = el("button", { type: "submit", class: "button" }, t("add.next"));
    return el(
      "section",
      { class: "card stack" },
      el("h2", {}, t("add.type")),
      el("form", { class: "stack", novalidate: true, submit: send }, entry.whole, el("div", {}, next)),
    );
  }

  private byHand(): HTMLElement {
    const issuer = field(t("add.issuer"), { name: "issuer", maxlength: LONGEST_NAME });
    const account = field(t("add.account"), { name: "account", maxlength: LONGEST_NAME });
    const key = field(t("add.key"), { name: "key", maxlength: 200, class: "mono" }, t("add.key_hint"));
    const send = (event: Event): void => {
      event.preventDefault();
      if (!issuer.input.value.trim()) return issuer.complain(t("problem.name"));
      const described = describedByHand(issuer.input.value.trim(), account.input.value.trim(), key.input.value);
      if (typeof described === "string") return key.complain(t("problem.key"));
      void this.addForeign(described);
    };
    const add = el("button", { type: "submit", class: "button" }, t("add.add"));
    return el(
      "details",
      { class: "more" },
      el("summary", {}, icon("chevron"), t("add.by_hand")),
      el(
        "form",
        { class: "card stack", novalidate: true, submit: send },
        issuer.whole,
        account.whole,
        key.whole,
        el("div", {}, add),
      ),
    );
  }

  private async film(): Promise<void> {
    const video = el("video", { class: "viewfinder", "aria-label": t("camera.picture") });
    const back = button(t("cancel"), "full", "", () => this.showWays());
    this.show(t("camera.title"), video, back);
    try {
      const camera = await Camera.open(video);
      if (!video.isConnected) return camera.close();
      this.camera = camera;
    } catch {
      if (video.isConnected) this.showWays(t("problem.no_camera"));
      return;
    }
    const found = await this.camera.find();
    if (found !== null) await this.take(readBrought(found, location.origin));
  }

  private closeCamera(): void {
    this.camera?.close();
    this.camera = null;
  }

  private async takePicture(picture: Blob): Promise<void> {
    const found = await readPicture(picture);
    if (this.whole.isConnected) {
      await this.take(found === null ? problem("no_code_in_picture") : readBrought(found, location.origin));
    }
  }

  private async take(brought: Brought): Promise<void> {
    if (brought.kind === "problem") this.showWays(brought.words);
    else if (brought.kind === "described") await this.confirmForeign(brought.described);
    else if (isIos && !isInstalled()) this.advise(brought.code);
    else await this.confirmCode(brought.code);
  }

  // --- an account of ours -----------------------------------------------------------------------------

  private advise(code: string): void {
    this.show(
      t("add.ios_title"),
      el(
        "section",
        { class: "card stack" },
        el("p", {}, t("add.ios_lead")),
        el("p", { class: "big-code" }, spelledCode(code)),
        installSteps(),
        button(t("add.ios_anyway"), "plain", "", () => void this.confirmCode(code)),
      ),
    );
  }

  private async confirmCode(code: string): Promise<void> {
    const hint = t("account.device_hint");
    const name = field(
      t("account.device"),
      { name: "device", maxlength: LONGEST_NAME, value: await deviceName() },
      hint,
    );
    const problems = el("div", { "aria-live": "polite" });
    const add = el("button", { type: "submit", class: "button main" }, t("add.add"));
    const send = (event: Event): void => {
      event.preventDefault();
      if (!name.input.value.trim()) name.complain(t("account.name_missing"));
      else if (!add.hasAttribute("aria-busy")) void this.activate(code, name, add, problems);
    };
    this.show(
      t("add.activate_title"),
      el(
        "form",
        { class: "card stack", novalidate: true, submit: send },
        el("p", {}, t("add.activate_lead")),
        el("p", { class: "big-code" }, el("span", { class: "for-readers" }, `${t("add.code")}: `), spelledCode(code)),
        name.whole,
        problems,
        el("div", { class: "row" }, add, button(t("cancel"), "", "", this.canceled)),
      ),
    );
  }

  private async activate(code: string, name: Field, add: HTMLElement, problems: HTMLElement): Promise<void> {
    add.setAttribute("aria-busy", "true");
    add.textContent = t("add.activating");
    try {
      this.added(await activate(this.server, code, name.input.value.trim()));
    } catch (refused) {
      if (refused instanceof Refusal && refused.code === "activation_unknown") {
        this.showWays(t("problem.activation_unknown"));
      } else problems.replaceChildren(alert("bad", el("p", {}, whyNot(refused))));
    } finally {
      add.removeAttribute("aria-busy");
      add.textContent = t("add.add");
    }
  }

  // --- an account of another service ------------------------------------------------------------------

  private async confirmForeign(described: Described): Promise<void> {
    const issuer = field(t("add.issuer"), { name: "issuer", maxlength: LONGEST_NAME, value: described.issuer });
    const account = field(t("add.account"), { name: "account", maxlength: LONGEST_NAME, value: described.account });
    const send = (event: Event): void => {
      event.preventDefault();
      const names = { issuer: issuer.input.value.trim(), account: account.input.value.trim() };
      if (!names.issuer && !names.account) issuer.complain(t("problem.name"));
      else void this.addForeign({ ...described, ...names });
    };
    const isKnown = await sameForeign(described);
    this.show(
      t("add.foreign_title"),
      el(
        "form",
        { class: "card stack", novalidate: true, submit: send },
        el("p", {}, t("add.foreign_lead")),
        isKnown && alert("wait", el("p", {}, t("add.again"))),
        issuer.whole,
        account.whole,
        el(
          "div",
          { class: "row" },
          el("button", { type: "submit", class: "button main" }, t("add.add")),
          button(t("cancel"), "", "", this.canceled),
        ),
      ),
    );
  }

  private async addForeign(described: Described): Promise<void> {
    this.added(await addForeign(described));
  }
}

export function installSteps(): HTMLElement {
  const steps = ["install.ios_share", "install.ios_add", "install.ios_open"];
  return el("ol", { class: "steps" }, ...steps.map((step) => el("li", {}, el("div", {}, el("p", {}, t(step))))));
}
