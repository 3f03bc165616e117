// What a person brings to add an account: read, and made an account of.
import { base64url, makeKeys, readCode, type Server } from "./protocol";
import { isParameters, lockSecret, readBase32, readUri, type Described } from "./passcodes";
import { PAGE } from "./place";
import { accounts, keep, type ForeignAccount, type OwnAccount } from "./store";
import { t } from "./texts";

export type Brought =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "described"; readonly described: Described }
  | { readonly kind: "problem"; readonly words: string };

const LINK = /^#activate=(.*)$/;

// The code in the part of an address behind `#`, as it stands there.
export function codeInHash(hash: string): string | null {
  const found = LINK.exec(hash);
  return found ? decodeURIComponent(found[1]?.replace(/%(?![0-9a-f]{2})/gi, "") ?? "") : null;
}

// Read a code, a link with a code, or a link with a key.
export function readBrought(text: string, origin: string): Brought {
  const typed = text.trim();
  if (/^otpauth:/i.test(typed)) {
    const described = readUri(typed);
    return typeof described === "string" ? problem(described) : { kind: "described", described };
  }
  if (/^https?:\/\//i.test(typed)) return readLink(typed, origin);
  const code = readCode(typed);
  return code ? { kind: "code", code } : problem("unknown");
}

function readLink(typed: string, origin: string): Brought {
  let link: URL;
  try {
    link = new URL(typed);
  } catch {
    return problem("unknown");
  }
  const code = readCode(codeInHash(link.hash) ?? "");
  if (!code) return problem("unknown");
  if (link.origin !== origin || link.pathname !== PAGE) {
    return { kind: "problem", words: t("problem.elsewhere", { host: link.host }) };
  }
  return { kind: "code", code };
}

export function problem(name: string): Brought {
  return { kind: "problem", words: t(`problem.${name}`) };
}

// Prove the code to the server with a new key, and keep what it says. Raises what the server refused.
export async function activate(server: Server, code: string, device: string): Promise<OwnAccount> {
  const keys = await makeKeys();
  const said = await server.activate(code, keys, device);
  const secret = readBase32(said.secret);
  if (!said.authenticator || !said.token || !secret || !isParameters(said.parameters)) {
    throw new Error("an activation without its parts");
  }
  const account: OwnAccount = {
    kind: "own",
    id: said.authenticator,
    addedAt: Date.now(),
    issuer: said.issuer,
    account: said.account,
    passcodes: said.parameters,
    passcodeKey: await lockSecret(secret, said.parameters.algorithm),
    tenant: said.tenant,
    user: said.user,
    token: said.token,
    signingKey: keys.privateKey,
    pushKey: said.pushKey,
    device,
    isActive: false,
    isGone: false,
    hasOtherWay: true,
    moveCredential: "",
    endpoint: "",
  };
  await keep(account);
  return account;
}

// The account of another service that has this name already.
export async function sameForeign(described: Described): Promise<ForeignAccount | undefined> {
  const kept = (await accounts()).filter((each) => each.kind === "foreign");
  return kept.find((each) => each.issuer === described.issuer && each.account === described.account);
}

export async function addForeign(described: Described): Promise<ForeignAccount> {
  const same = await sameForeign(described);
  const account: ForeignAccount = {
    kind: "foreign",
    id: same?.id ?? base64url(crypto.getRandomValues(new Uint8Array(12)).buffer),
    addedAt: same?.addedAt ?? Date.now(),
    issuer: described.issuer,
    account: described.account,
    passcodes: described.parameters,
    passcodeKey: await lockSecret(described.secret, described.parameters.algorithm),
  };
  await keep(account);
  return account;
}
