// A page that waits for something to happen elsewhere: one long request after the other asks whether it has, and
// then the page is loaded again, or the one that it names. What happened is never decided or read here; without a script the page reloads.

const PAUSE_MILLISECONDS = 2000;

export function followWaiting(page: Document): void {
  const waiting = page.querySelector<HTMLElement>("[data-waits]")?.dataset;
  const address = waiting?.["waits"];
  if (address) void follow(address, waiting["then"] ?? window.location.href);
}

async function follow(address: string, then: string): Promise<void> {
  for (;;) {
    if (await hasMoved(address)) {
      window.location.replace(then);
      return;
    }
  }
}

async function hasMoved(address: string): Promise<boolean> {
  const began = Date.now();
  try {
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-store", redirect: "error" });
    const found: unknown = answer.ok ? await answer.json() : {};
    if (typeof found === "object" && found !== null && "moved" in found && found.moved === true) return true;
  } catch {
    // The network is away, or the server starts anew: ask again.
  }
  // An answer that came at once did not wait: do not ask faster than a person would.
  const left = PAUSE_MILLISECONDS - (Date.now() - began);
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  return false;
}
