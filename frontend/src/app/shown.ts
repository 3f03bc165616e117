// Texts that others wrote: cut, without characters that reach beyond their place, and apart from what stands around.
import { el } from "./dom";

const LONGEST = 80;
// Controls, line separators, and marks that turn the direction of what follows (Unicode UAX #9 §2).
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

export function cut(text: string, longest = LONGEST): string {
  const plain = text.replace(UNSEEN, " ").replace(/\s+/g, " ").trim();
  const characters = [...plain];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : plain;
}

export function others(text: string, longest = LONGEST): HTMLElement {
  return el("bdi", {}, cut(text, longest));
}

// The same inside a sentence of ours that is no markup, such as a label (FIRST STRONG ISOLATE … POP).
export function isolated(text: string): string {
  return `\u2068${cut(text)}\u2069`;
}
