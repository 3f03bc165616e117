// The app's own worker: registered, looked after for a new version, and changed only when the person says so.

import { PAGE } from "./place";

const WORKER = `${PAGE}worker.js`;
const HOUR_MS = 3_600_000;

interface Policy {
  createScriptURL(text: string): unknown;
}

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(text: string): string }): Policy;
}

// The only address that is ever made a script of; the policy of the page forbids any other.
function workerUrl(): string {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  const only = (text: string): string => {
    if (text !== WORKER) throw new TypeError("not our worker");
    return text;
  };
  return factory
    ? (factory.createPolicy("vestibule-app", { createScriptURL: only }).createScriptURL(WORKER) as string)
    : WORKER;
}

// Calls `ready` when a new version waits. Returns null where there are no workers.
export async function register(ready: () => void): Promise<ServiceWorkerRegistration | null> {
  if (!("serviceWorker" in navigator)) return null;
  const registration = await navigator.serviceWorker.register(workerUrl(), { scope: PAGE, updateViaCache: "none" });
  const check = (): void => {
    if (registration.waiting && navigator.serviceWorker.controller) ready();
  };
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => coming.state === "installed" && check());
  });
  check();
  const look = (): void => void registration.update().catch(() => undefined);
  setInterval(look, HOUR_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
  return registration;
}

export function takeNewVersion(registration: ServiceWorkerRegistration): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  registration.waiting?.postMessage("take over");
}
