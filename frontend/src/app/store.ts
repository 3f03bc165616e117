// What the device keeps, in IndexedDB: accounts with their keys, and what the person has chosen. Keys are CryptoKey
// objects that cannot be taken out again. Used in the worker, too.
import type { Parameters } from "./passcodes";
import { named } from "./place";

interface Named {
  readonly id: string;
  readonly addedAt: number;
  readonly issuer: string;
  readonly account: string;
  readonly passcodes: Parameters;
  readonly passcodeKey: CryptoKey;
}

// An account of this server: can answer requests.
export interface OwnAccount extends Named {
  readonly kind: "own";
  readonly tenant: string;
  readonly user: string;
  readonly token: string;
  readonly signingKey: CryptoKey;
  readonly pushKey: string;
  readonly device: string;
  // The test at the end of its activation was passed.
  readonly isActive: boolean;
  // The server said that it knows this account no more.
  readonly isGone: boolean;
  // Somebody who loses this device can still sign in.
  readonly hasOtherWay: boolean;
  // Of the unlock by which a move to another device begins; empty: it needs none.
  readonly moveCredential: string;
  // Where the server was told to wake this device; empty if nowhere.
  readonly endpoint: string;
}

// An account of another service: passcodes and nothing else.
export interface ForeignAccount extends Named {
  readonly kind: "foreign";
}

export type Account = OwnAccount | ForeignAccount;

export interface Settings {
  language?: string;
  theme?: string;
  // Offers that the person has put aside.
  putAside?: string[];
  // Until when the person is not reminded of another way in.
  backupAsideUntil?: number;
}

const NAME = named("vestibule");
const ACCOUNTS = "accounts";
const SETTINGS = "settings";
const ONLY = "only";

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(ACCOUNTS, { keyPath: "id" });
      opening.result.createObjectStore(SETTINGS);
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  return opened;
}

function finished(work: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    work.oncomplete = () => resolve();
    work.onerror = work.onabort = () => reject(work.error);
  });
}

async function writing(name: string, change: (rows: IDBObjectStore) => void): Promise<void> {
  const work = (await database()).transaction(name, "readwrite");
  change(work.objectStore(name));
  await finished(work);
}

async function read<T>(name: string, ask: (rows: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const work = (await database()).transaction(name, "readonly");
  const asked = ask(work.objectStore(name));
  await finished(work);
  return asked.result;
}

export async function accounts(): Promise<Account[]> {
  const found = await read<Account[]>(ACCOUNTS, (rows) => rows.getAll());
  return found.sort((one, other) => one.addedAt - other.addedAt);
}

export async function ownAccounts(): Promise<OwnAccount[]> {
  return (await accounts()).filter((account) => account.kind === "own");
}

export async function keep(account: Account): Promise<void> {
  await writing(ACCOUNTS, (rows) => rows.put(account));
}

// Changes what is kept at this moment, whoever changed it meanwhile; does nothing if it was removed.
export async function amend(id: string, changed: Partial<OwnAccount> | Partial<ForeignAccount>): Promise<void> {
  await writing(ACCOUNTS, (rows) => {
    const asked = rows.get(id);
    asked.onsuccess = () => {
      if (asked.result) rows.put({ ...asked.result, ...changed });
    };
  });
}

// This account is not woken any more, nor is any other where it was. Returns whether it was woken.
export async function loseEndpoint(id: string): Promise<boolean> {
  const own = await ownAccounts();
  const lost = own.find((account) => account.id === id)?.endpoint;
  if (!lost) return false;
  for (const account of own) if (account.endpoint === lost) await amend(account.id, { endpoint: "" });
  return true;
}

export async function forget(id: string): Promise<void> {
  await writing(ACCOUNTS, (rows) => rows.delete(id));
}

export async function settings(): Promise<Settings> {
  return (await read<Settings | undefined>(SETTINGS, (rows) => rows.get(ONLY))) ?? {};
}

export async function amendSettings(changed: Settings): Promise<void> {
  await writing(SETTINGS, (rows) => {
    const asked = rows.get(ONLY);
    asked.onsuccess = () => rows.put({ ...asked.result, ...changed }, ONLY);
  });
}
