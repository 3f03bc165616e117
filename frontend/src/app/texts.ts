// The words of the app, fetched from the server's catalog and kept by the worker. Used in the worker, too.

import { PAGE } from "./place";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

type Wording = string | { one: string; other: string };

export class Texts {
  constructor(
    readonly language: Language,
    private readonly wordings: Record<string, Wording>,
  ) {}

  say(key: string, values: Record<string, string | number> = {}): string {
    const wording = this.wordings[key];
    if (wording === undefined) throw new Error(`no text ${key}`);
    const chosen = typeof wording === "string" ? wording : values["count"] === 1 ? wording.one : wording.other;
    return chosen.replace(/\{([a-z_]+)\}/g, (_, name: string) => String(values[name] ?? ""));
  }
}

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

// What the person chose here, else the first of the browser's languages that there is.
export function chooseLanguage(chosen: unknown, accepted: readonly string[]): Language {
  if (isLanguage(chosen)) return chosen;
  return accepted.map((tag) => tag.toLowerCase().split("-")[0]).find(isLanguage) ?? LANGUAGES[0];
}

export function textsUrl(language: Language): string {
  return `${PAGE}texts/${language}.json`;
}

export async function readTexts(language: Language, answer: Response): Promise<Texts> {
  return new Texts(language, (await answer.json()) as Record<string, Wording>);
}

let current: Texts | null = null;

export async function loadTexts(language: Language): Promise<void> {
  current = await readTexts(language, await fetch(textsUrl(language), { credentials: "omit" }));
}

export function t(key: string, values: Record<string, string | number> = {}): string {
  if (!current) throw new Error("no texts yet");
  return current.say(key, values);
}

export function language(): Language {
  return current?.language ?? LANGUAGES[0];
}

// International English: the day before the month and 24 hours, as the portal writes it.
export function locale(): string {
  return language() === "en" ? "en-GB" : language();
}
