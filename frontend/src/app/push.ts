// Where this device is woken (W3C Push API): asked of the browser, told to the server. Used in the worker, too.
import { base64url, Refusal, type Server } from "./protocol";
import { amend, ownAccounts, type OwnAccount } from "./store";

export type Waking = "impossible" | "undecided" | "blocked" | "allowed";

export function waking(): Waking {
  if (!("PushManager" in globalThis) || !("Notification" in globalThis)) return "impossible";
  const decided: Record<NotificationPermission, Waking> = {
    default: "undecided",
    denied: "blocked",
    granted: "allowed",
  };
  return decided[Notification.permission];
}

// Bring the server's knowledge in line with what is allowed: for every account, and as often as one likes.
export async function settleWaking(registration: ServiceWorkerRegistration, server: Server): Promise<void> {
  const live = (await ownAccounts()).filter((account) => !account.isGone && account.pushKey);
  const newest = live.at(-1);
  if (waking() !== "allowed") return letSleep(live, server);
  if (!newest) return;
  const subscription = await subscribed(registration.pushManager, newest.pushKey, live);
  for (const account of live) {
    if (account.endpoint !== subscription.endpoint) await tell(account, subscription, server);
  }
}

// A browser has one subscription for all accounts of an app, with one key: that of the account added last. One that no
// account is woken by is given back: it may be over.
async function subscribed(
  pushing: PushManager,
  key: string,
  live: readonly OwnAccount[],
): Promise<PushSubscription> {
  const present = await pushing.getSubscription();
  const used = present?.options.applicationServerKey;
  const isInUse = live.some((account) => account.endpoint === present?.endpoint);
  if (present && isInUse && used && base64url(used) === key) return present;
  await present?.unsubscribe();
  return pushing.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function tell(account: OwnAccount, subscription: PushSubscription, server: Server): Promise<void> {
  try {
    await server.wakeAt(account.token, subscription);
  } catch (problem) {
    // One account that is gone must not keep the others asleep.
    if (problem instanceof Refusal && problem.code === "not_activated") return;
    throw problem;
  }
  await amend(account.id, { endpoint: subscription.endpoint });
}

async function letSleep(live: readonly OwnAccount[], server: Server): Promise<void> {
  for (const account of live) {
    if (!account.endpoint) continue;
    await server.letSleep(account.token);
    await amend(account.id, { endpoint: "" });
  }
}
