// How the app speaks with the server: the requests of /app/v1, their answers, and what is signed. Used in the worker,
// too. What comes is read field by field: a field of another kind is as good as absent.
import type { Algorithm, Parameters } from "./passcodes";
import { PAGE } from "./place";

const ROOT = `${PAGE}v1`;
const WAIT_SECONDS = 25;
const PATIENCE_MS = 15_000;
const CODE = /^[0-9A-HJKMNP-TV-Z]{10}$/;

const STAGES = ["code", "number", "active", "over"] as const;

export type Decision = "approve" | "deny" | "fraud";
export type Fraud = "blocks" | "reports" | "off";
export type Unlock = "" | "make" | "use";
export type Hindrance = "" | "no_pin" | "no_unlock";

export interface Request {
  readonly id: string;
  readonly kind: string;
  readonly verification: string;
  readonly application: string;
  readonly applicationId: string;
  readonly account: string;
  readonly place: string;
  readonly country: string;
  readonly askedAt: number;
  readonly expiresAt: number;
  readonly secondsLeft: number;
  readonly digits: number;
  readonly triesLeft: number;
  readonly withPin: boolean;
  readonly pinDue: boolean;
  readonly unlock: Unlock;
  readonly credential: string;
  readonly hindrance: Hindrance;
  readonly fraud: Fraud;
}

export interface RequestList {
  readonly version: string;
  readonly now: number;
  readonly account: string;
  readonly issuer: string;
  readonly pushKey: string;
  readonly otherWay: boolean;
  // Of the unlock by which a move begins; empty: it needs none.
  readonly moveCredential: string;
  // Whether the server knows where to wake this device.
  readonly isWoken: boolean;
  readonly requests: readonly Request[];
}

// What becomes of the device that moves, once the new one is proven.
export type Old = "remove" | "keep";

export interface Move {
  // Opens the stage of this move.
  readonly token: string;
  readonly code: string;
}

export type StageName = (typeof STAGES)[number];

export interface Stage {
  readonly name: StageName;
  readonly device: string;
  readonly number: string;
}

export interface Activated {
  readonly tenant: string;
  readonly authenticator: string;
  readonly user: string;
  readonly account: string;
  readonly issuer: string;
  readonly token: string;
  readonly secret: string;
  readonly parameters: Parameters;
  readonly pushKey: string;
}

// What a person says to a request. What is not asked for is empty.
export interface Given {
  readonly decision: Decision;
  readonly number: string;
  readonly pin: string;
  readonly newPin: string;
}

export interface Answered {
  readonly outcome: string;
  readonly triesLeft: number;
  readonly message: string;
}

// Unlocks the device for a text that is signed, if that is asked for.
export type Unlocking = (text: string) => Promise<Record<string, string> | null>;

// Who signs a decision: identifiers and the key of the account.
export interface Signer {
  readonly id: string;
  readonly tenant: string;
  readonly user: string;
  readonly signingKey: CryptoKey;
}

// The server said no.
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly words: string,
    readonly retrySeconds: number,
  ) {
    super(`${status} ${code}`);
  }
}

// The server said nothing, or nothing that is of this protocol.
export class Unreachable extends Error {}

// --- what is signed -------------------------------------------------------------------------------------

function lines(...values: (string | number)[]): string {
  const texts = values.map(String);
  if (texts.some((text) => text.includes("\n"))) throw new Error("a value with a line feed is not signed");
  return texts.map((text) => `${text}\n`).join("");
}

export function activationText(code: string, publicKey: string): string {
  return lines("vestibule activate 1", code, publicKey);
}

export function answerText(
  signer: Omit<Signer, "signingKey">,
  request: Request,
  number: string,
  decision: Decision,
): string {
  return lines(
    "vestibule answer 1",
    signer.tenant,
    signer.user,
    signer.id,
    request.verification,
    request.id,
    request.applicationId,
    number,
    decision,
    request.expiresAt,
  );
}

export function moveText(signer: Omit<Signer, "signingKey">, old: Old, at: number): string {
  return lines("vestibule move 1", signer.tenant, signer.user, signer.id, old, at);
}

export function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}

export async function publicKeyOf(keys: CryptoKeyPair): Promise<string> {
  return base64url(await crypto.subtle.exportKey("raw", keys.publicKey));
}

async function signed(key: CryptoKey, text: string): Promise<string> {
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  return base64url(await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(text)));
}

export function base64url(octets: ArrayBuffer): string {
  const text = String.fromCharCode(...new Uint8Array(octets));
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// --- codes ----------------------------------------------------------------------------------------------

// The code as it is signed, or null if it is none. Letters that the codes do not have are read as the digits that
// look like them.
export function readCode(text: string): string | null {
  const plain = text
    .toUpperCase()
    .replace(/[\s\-\u2010-\u2014]/g, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  return CODE.test(plain) ? plain : null;
}

export function spelledCode(code: string): string {
  return `${code.slice(0, 5)}-${code.slice(5)}`;
}

// --- requests -------------------------------------------------------------------------------------------

interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly body?: Record<string, unknown>;
  readonly signal?: AbortSignal;
  readonly patience?: number;
}

export class Server {
  constructor(private readonly language: () => string) {}

  async activate(code: string, keys: CryptoKeyPair, name: string): Promise<Activated> {
    const key = await publicKeyOf(keys);
    const signature = await signed(keys.privateKey, activationText(code, key));
    return asActivated(
      await this.call("/activate", { method: "POST", body: { code, public_key: key, name, signature } }),
    );
  }

  // The lists of several accounts, each or why there is none. With `waits`, as soon as one of them is another than the
  // one that was seen.
  async lists(
    accounts: readonly { readonly token: string; readonly seen: string }[],
    waits: boolean,
    signal: AbortSignal,
  ): Promise<(RequestList | Refusal)[]> {
    const wait = waits ? WAIT_SECONDS : 0;
    const patience = PATIENCE_MS + wait * 1000;
    return asLists(await this.call("/requests", { method: "POST", body: { wait, accounts }, signal, patience }));
  }

  async answer(
    signer: Signer & { readonly token: string },
    request: Request,
    { decision, number, pin, newPin }: Given,
    unlocked: Unlocking,
  ): Promise<Answered> {
    const text = answerText(signer, request, number, decision);
    const unlock = decision === "approve" ? await unlocked(text) : null;
    const signature = await signed(signer.signingKey, text);
    const path = `/requests/${encodeURIComponent(request.id)}/answer`;
    const body = { decision, number, pin, new_pin: newPin, unlock, signature };
    return asAnswered(await this.call(path, { method: "POST", token: signer.token, body }));
  }

  async beginMove(
    signer: Signer & { readonly token: string },
    old: Old,
    at: number,
    unlocked: Unlocking,
  ): Promise<Move> {
    const signing = moveText(signer, old, at);
    const unlock = await unlocked(signing);
    const body = { old, at, unlock, signature: await signed(signer.signingKey, signing) };
    const said = record(await this.call("/move", { method: "POST", token: signer.token, body }));
    return { token: text(said["move"]), code: text(said["code"]) };
  }

  async cancelMove(token: string): Promise<void> {
    await this.call("/move", { method: "DELETE", token });
  }

  // Waits until it is another than `seen`, and not for long.
  async moveStage(token: string, seen: string, signal: AbortSignal): Promise<Stage> {
    const query = new URLSearchParams({ wait: String(WAIT_SECONDS), seen });
    const patience = PATIENCE_MS + WAIT_SECONDS * 1000;
    return asStage(await this.call(`/move?${query}`, { token, signal, patience }));
  }

  async wakeAt(token: string, subscription: PushSubscription): Promise<void> {
    const [p256dh, auth] = [subscription.getKey("p256dh"), subscription.getKey("auth")];
    if (!p256dh || !auth) throw new Error("a push subscription without keys");
    const body = { endpoint: subscription.endpoint, p256dh: base64url(p256dh), auth: base64url(auth) };
    await this.call("/push", { method: "PUT", token, body });
  }

  async letSleep(token: string): Promise<void> {
    await this.call("/push", { method: "DELETE", token });
  }

  async rename(token: string, name: string): Promise<void> {
    await this.call("/account", { method: "PATCH", token, body: { name } });
  }

  async remove(token: string): Promise<void> {
    await this.call("/account", { method: "DELETE", token });
  }

  private async call(
    path: string,
    { method = "GET", token, body, signal, patience = PATIENCE_MS }: Call,
  ): Promise<unknown> {
    const headers: Record<string, string> = { "Accept-Language": this.language() };
    if (token) headers["Authorization"] = `Bearer ${token}`;
    if (body) headers["Content-Type"] = "application/json";
    const stop = new AbortController();
    const clock = setTimeout(() => stop.abort(), patience);
    const pass = (): void => stop.abort();
    signal?.addEventListener("abort", pass);
    try {
      if (signal?.aborted) stop.abort();
      const answer = await fetch(`${ROOT}${path}`, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
        signal: stop.signal,
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
      });
      return await content(answer);
    } catch (problem) {
      throw problem instanceof Refusal ? problem : new Unreachable(String(problem));
    } finally {
      clearTimeout(clock);
      signal?.removeEventListener("abort", pass);
    }
  }
}

async function content(answer: Response): Promise<unknown> {
  if (answer.status === 204) return null;
  if (answer.ok) return answer.json();
  const said = record(await answer.json().catch(() => null));
  const code = text(said["code"]);
  // What stands between us and the server has errors of its own: they say nothing about the account.
  if (!code) throw new Unreachable(`status ${answer.status}`);
  throw new Refusal(answer.status, code, text(said["message"]), Number(answer.headers.get("Retry-After")) || 0);
}

// --- reading answers ------------------------------------------------------------------------------------

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function whole(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? Math.trunc(value) : 0;
}

function oneOf<Word extends string>(value: unknown, ...words: Word[]): Word | "" {
  return words.find((word) => word === value) ?? "";
}

function asActivated(value: unknown): Activated {
  const said = record(value);
  const passcodes = record(said["passcodes"]);
  return {
    tenant: text(said["tenant"]),
    authenticator: text(said["authenticator"]),
    user: text(said["user"]),
    account: text(said["account"]),
    issuer: text(said["issuer"]),
    token: text(said["token"]),
    secret: text(passcodes["secret"]),
    parameters: {
      algorithm: text(passcodes["algorithm"]) as Algorithm,
      digits: whole(passcodes["digits"]),
      period: whole(passcodes["period"]),
    },
    pushKey: text(said["push_key"]),
  };
}

function asList(value: unknown): RequestList {
  const said = record(value);
  const requests = Array.isArray(said["requests"]) ? said["requests"].map(asRequest) : [];
  return {
    version: text(said["version"]),
    now: whole(said["now"]),
    account: text(said["account"]),
    issuer: text(said["issuer"]),
    pushKey: text(said["push_key"]),
    otherWay: said["other_way"] !== false,
    moveCredential: text(said["move_credential"]),
    isWoken: said["push"] !== false,
    requests,
  };
}

function asLists(value: unknown): (RequestList | Refusal)[] {
  const { lists } = record(value);
  if (!Array.isArray(lists)) return [];
  return lists.map((each: unknown) => {
    const { code, message } = record(each);
    return code ? new Refusal(200, text(code), text(message), 0) : asList(each);
  });
}

function asStage(value: unknown): Stage {
  const said = record(value);
  const name = STAGES.find((each) => each === said["stage"]) ?? "over";
  return { name, device: text(said["device"]), number: text(said["number"]) };
}

function asRequest(value: unknown): Request {
  const said = record(value);
  return {
    id: text(said["id"]),
    kind: text(said["kind"]),
    verification: text(said["verification"]),
    application: text(said["application"]),
    applicationId: text(said["application_id"]),
    account: text(said["account"]),
    place: text(said["place"]),
    country: text(said["country"]),
    askedAt: whole(said["asked_at"]),
    expiresAt: whole(said["expires_at"]),
    secondsLeft: whole(said["seconds_left"]),
    digits: whole(said["digits"]),
    triesLeft: whole(said["tries_left"]),
    withPin: said["with_pin"] === true,
    pinDue: said["pin_due"] === true,
    unlock: oneOf(said["unlock"], "make", "use"),
    credential: text(said["credential"]),
    hindrance: oneOf(said["hindrance"], "no_pin", "no_unlock"),
    fraud: said["fraud"] === "blocks" || said["fraud"] === "reports" ? said["fraud"] : "off",
  };
}

function asAnswered(value: unknown): Answered {
  const said = record(value);
  return { outcome: text(said["outcome"]), triesLeft: whole(said["tries_left"]), message: text(said["message"]) };
}
