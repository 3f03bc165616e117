// Small buttons that only make sense with a script: they wait hidden in the page and are shown here.

export function offerCopying(page: Document): void {
  for (const button of page.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    const source = page.getElementById(button.dataset["copy"] ?? "");
    const label = button.querySelector("[data-label]");
    if (!source || !label || !navigator.clipboard) continue;
    const before = label.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(copyText(source));
      label.textContent = button.dataset["done"] ?? before;
      setTimeout(() => (label.textContent = before), 4000);
    });
  }
}

// A list is copied line by line; anything else as it reads, or as it says in data-value.
function copyText(source: HTMLElement): string {
  const items = [...source.querySelectorAll("li")].map((item) => item.textContent?.trim() ?? "");
  return source.dataset["value"] ?? (items.length > 0 ? items.join("\n") : (source.textContent?.trim() ?? ""));
}

export function offerPrinting(page: Document): void {
  for (const button of page.querySelectorAll<HTMLButtonElement>("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

export function offerReveal(page: Document): void {
  for (const button of page.querySelectorAll<HTMLButtonElement>("button[data-reveal]")) {
    const input = page.getElementById(button.dataset["reveal"] ?? "");
    if (!(input instanceof HTMLInputElement)) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const revealed = input.type === "password";
      input.type = revealed ? "text" : "password";
      button.setAttribute("aria-pressed", String(revealed));
    });
    // A password that is shown must not be remembered as ordinary text.
    input.form?.addEventListener("submit", () => (input.type = "password"));
  }
}

export function closeMenuOnChoice(page: Document): void {
  const menu = page.getElementById("menu");
  menu?.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("a") && menu.matches(":popover-open")) menu.hidePopover();
  });
}

export function preventDoubleSubmit(page: Document): void {
  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
    if (form.dataset["sent"]) {
      event.preventDefault();
      return;
    }
    form.dataset["sent"] = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // A page that comes back from the browser's memory may be sent again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of page.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset["sent"];
    for (const button of page.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  });
}
