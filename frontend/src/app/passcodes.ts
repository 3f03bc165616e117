// Passcodes by time (RFC 6238), made on the device alone, and the links that describe them.

export type Algorithm = "SHA1" | "SHA256" | "SHA512";

export interface Parameters {
  readonly algorithm: Algorithm;
  readonly digits: number;
  readonly period: number;
}

// What a link or a form says of an account of another service.
export interface Described {
  readonly issuer: string;
  readonly account: string;
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly parameters: Parameters;
}

export type UriProblem = "unknown" | "counter" | "key" | "parameters";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HASHES: Record<Algorithm, string> = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" };
const USUAL: Parameters = { algorithm: "SHA1", digits: 6, period: 30 };
const LONGEST_PERIOD = 3600;

// Base32 (RFC 4648 §6) as people type it: any case, with blanks and hyphens. Null if it is none.
export function readBase32(text: string): Uint8Array<ArrayBuffer> | null {
  const letters = text.toUpperCase().replace(/[\s-]/g, "").replace(/=+$/, "");
  if (!letters || [1, 3, 6].includes(letters.length % 8)) return null;
  const octets: number[] = [];
  let [held, bits] = [0, 0];
  for (const letter of letters) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) return null;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets.push((held >> bits) & 0xff);
    }
  }
  return new Uint8Array(octets);
}

export function isParameters(value: Parameters): boolean {
  const { algorithm, digits, period } = value;
  const isWhole = Number.isInteger(digits) && Number.isInteger(period);
  return algorithm in HASHES && isWhole && digits >= 6 && digits <= 8 && period >= 1 && period <= LONGEST_PERIOD;
}

// The key-URI that authenticator apps share: otpauth://totp/Issuer:account?secret=…&issuer=…
export function readUri(text: string): Described | UriProblem {
  const found = /^otpauth:\/\/([a-z]+)\/([^?#]*)(?:\?([^#]*))?$/i.exec(text.trim());
  if (!found) return "unknown";
  const [, kind = "", label = "", query = ""] = found;
  if (kind.toLowerCase() !== "totp") return kind.toLowerCase() === "hotp" ? "counter" : "unknown";
  const asked = new URLSearchParams(query);
  const parameters: Parameters = {
    algorithm: (asked.get("algorithm") ?? USUAL.algorithm).toUpperCase().replace("-", "") as Algorithm,
    digits: Number(asked.get("digits") ?? USUAL.digits),
    period: Number(asked.get("period") ?? USUAL.period),
  };
  if (!isParameters(parameters)) return "parameters";
  const secret = readBase32(asked.get("secret") ?? "");
  if (!secret) return "key";
  const [before, ...after] = unescaped(label).split(":");
  const account = after.length > 0 ? after.join(":") : (before ?? "");
  const issuer = asked.get("issuer") ?? (after.length > 0 ? (before ?? "") : "");
  return { issuer: issuer.trim(), account: account.trim(), secret, parameters };
}

export function describedByHand(issuer: string, account: string, key: string): Described | UriProblem {
  const secret = readBase32(key);
  return secret ? { issuer, account, secret, parameters: USUAL } : "key";
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// A key that makes passcodes and cannot be read again.
export function lockSecret(secret: Uint8Array<ArrayBuffer>, algorithm: Algorithm): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: HASHES[algorithm] }, false, ["sign"]);
}

// The passcode at a time in milliseconds (RFC 4226 §5.3).
export async function passcodeAt(key: CryptoKey, parameters: Parameters, at: number): Promise<string> {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(stepAt(parameters, at)));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const offset = mac.getUint8(mac.byteLength - 1) & 0x0f;
  const number = (mac.getUint32(offset) & 0x7fffffff) % 10 ** parameters.digits;
  return String(number).padStart(parameters.digits, "0");
}

export function stepAt(parameters: Parameters, at: number): number {
  return Math.floor(at / 1000 / parameters.period);
}

// Milliseconds until the next passcode.
export function leftAt(parameters: Parameters, at: number): number {
  const period = parameters.period * 1000;
  return period - (((at % period) + period) % period);
}

// As it is read out: two groups.
export function grouped(passcode: string): string {
  const middle = Math.ceil(passcode.length / 2);
  return `${passcode.slice(0, middle)} ${passcode.slice(middle)}`;
}
