// The service worker: keeps the app for times without a network, and is woken when a request waits. It answers from
// what belongs to its own version only, so that parts of two versions never meet.
import { named, PAGE } from "./place";
import { Server } from "./protocol";
import { settleWaking } from "./push";
import { accounts, settings } from "./store";
import { chooseLanguage, readTexts, textsUrl, type Texts } from "./texts";

declare const self: ServiceWorkerGlobalScope;

// The server writes this line before the script: all files of this version, and a digest over them.
declare const SHELL: { version: string; files: string[]; icon: string; badge: string };

const KEPT = named("app-");
const CACHE = KEPT + SHELL.version;
const server = new Server(() => navigator.language);

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(self.skipWaiting());
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.files.map((file) => new Request(file, { cache: "no-cache", credentials: "omit" })));
}

async function begin(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(KEPT) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { method, mode } = event.request;
  const url = new URL(event.request.url);
  if (method !== "GET" || url.origin !== self.location.origin) return;
  if (mode === "navigate") {
    if (url.pathname === PAGE) event.respondWith(kept(event.request, PAGE));
  } else if (SHELL.files.includes(url.pathname)) {
    event.respondWith(kept(event.request, url.pathname));
  }
});

async function kept(request: Request, file: string): Promise<Response> {
  return (await (await caches.open(CACHE)).match(file)) ?? fetch(request);
}

// --- woken -----------------------------------------------------------------------------------------------

self.addEventListener("push", (event) => event.waitUntil(woken(event.data)));

async function woken(data: PushMessageData | null): Promise<void> {
  const authenticator = whose(data);
  const known = (await accounts()).some((account) => account.kind === "own" && account.id === authenticator);
  const texts = await textsHere();
  const told = known ? "push.body" : "not_activated";
  await self.registration.showNotification(texts.say("push.title"), {
    body: texts.say(told),
    lang: texts.language,
    icon: SHELL.icon,
    badge: SHELL.badge,
    tag: authenticator,
    requireInteraction: known,
  });
  for (const client of await windows()) client.postMessage("look");
}

function whose(data: PushMessageData | null): string {
  try {
    const said: unknown = data?.json();
    if (typeof said === "object" && said !== null && "authenticator" in said) {
      return String(said.authenticator).slice(0, 100);
    }
  } catch {
    // A message that cannot be read is for no account.
  }
  return "";
}

async function textsHere(): Promise<Texts> {
  const language = chooseLanguage((await settings()).language, navigator.languages);
  const url = textsUrl(language);
  return readTexts(language, await kept(new Request(url), url));
}

async function windows(): Promise<readonly WindowClient[]> {
  const every = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return every.filter((client) => new URL(client.url).pathname === PAGE);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

async function open(): Promise<void> {
  const [client] = await windows();
  if (!client) return void (await self.clients.openWindow(PAGE));
  client.postMessage("look");
  await client.focus();
}

self.addEventListener("pushsubscriptionchange", ((event: ExtendableEvent) => {
  event.waitUntil(settleWaking(self.registration, server));
}) as EventListener);
