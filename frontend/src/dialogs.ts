// Questions before something is destroyed. Without script they are popovers; here they become modal, so that the
// keyboard stays inside and the focus returns to the button that asked.

export function upgradeDialogs(page: Document): void {
  for (const opener of page.querySelectorAll<HTMLButtonElement>("button[popovertarget]")) {
    const dialog = page.getElementById(opener.getAttribute("popovertarget") ?? "");
    if (!(dialog instanceof HTMLDialogElement)) continue;
    const closes = dialog.contains(opener);
    opener.removeAttribute("popovertarget");
    opener.removeAttribute("popovertargetaction");
    opener.addEventListener("click", () => (closes ? dialog.close() : dialog.showModal()));
    dialog.removeAttribute("popover");
  }
}
