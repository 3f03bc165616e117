// The device's own unlock (fingerprint, face or screen lock) as a part of what is signed: WebAuthn with a credential of
// this device. What is signed is the challenge, so that it is good for that one text.
import { base64url, type Request, type Signer } from "./protocol";
import { t } from "./texts";

const ES256 = -7;
const RS256 = -257;

// The person did not unlock the device, or it cannot be unlocked for a page; `words` say so.
export class NotUnlocked extends Error {
  constructor(readonly words: string) {
    super(words);
  }
}

export interface Owner extends Signer {
  readonly account: string;
  readonly issuer: string;
}

// What is sent for the unlock that is asked for, or null if none is.
export async function unlocked(
  owner: Owner,
  asked: Pick<Request, "unlock" | "credential">,
  text: string,
): Promise<Record<string, string> | null> {
  if (!asked.unlock) return null;
  if (!(await canUnlock())) throw new NotUnlocked(t("request.unlock_missing"));
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  try {
    return asked.unlock === "make" ? await make(owner, challenge) : await use(asked.credential, challenge);
  } catch (problem) {
    // An address instead of a name is no relying party (WebAuthn §5.1.2).
    const isElsewhere = problem instanceof DOMException && problem.name === "SecurityError";
    throw new NotUnlocked(t(isElsewhere ? "request.unlock_address" : "request.unlock_failed"));
  }
}

async function canUnlock(): Promise<boolean> {
  if (typeof PublicKeyCredential === "undefined") return false;
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false);
}

async function make(owner: Owner, challenge: ArrayBuffer): Promise<Record<string, string>> {
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge,
      rp: { name: owner.issuer },
      user: { id: new TextEncoder().encode(owner.id), name: owner.account, displayName: owner.account },
      pubKeyCredParams: [ES256, RS256].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { authenticatorAttachment: "platform", userVerification: "required" },
      attestation: "none",
    },
  })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    credential: base64url(made.rawId),
    client_data: base64url(response.clientDataJSON),
    attestation: base64url(response.attestationObject),
  };
}

async function use(credential: string, challenge: ArrayBuffer): Promise<Record<string, string>> {
  const used = (await navigator.credentials.get({
    publicKey: {
      challenge,
      allowCredentials: [{ type: "public-key", id: octets(credential), transports: ["internal"] }],
      userVerification: "required",
    },
  })) as PublicKeyCredential;
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    client_data: base64url(response.clientDataJSON),
    authenticator_data: base64url(response.authenticatorData),
    signature: base64url(response.signature),
  };
}

function octets(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (each) => each.charCodeAt(0));
}
