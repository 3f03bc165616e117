// Light or dark at once, without loading the page again. The form is sent all the same, so that the server remembers.

export function switchThemeInPlace(page: Document): void {
  for (const form of page.querySelectorAll<HTMLFormElement>("form[data-theme-switch]")) {
    form.addEventListener("submit", (event) => {
      const chosen = event.submitter;
      if (!(chosen instanceof HTMLButtonElement)) return;
      event.preventDefault();
      page.documentElement.dataset["theme"] = chosen.value;
      for (const button of form.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(button.value === chosen.value));
      }
      const fields = new URLSearchParams();
      for (const [name, value] of new FormData(form, chosen)) fields.set(name, String(value));
      // The answer leads to a page that is not wanted here; only its cookie counts.
      void fetch(form.action, { method: "POST", body: fields, redirect: "manual", keepalive: true });
    });
  }
}
