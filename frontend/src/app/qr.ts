// QR codes, made, and read where the browser cannot do it itself. Fetched only when it is needed.
import { encodeQR } from "qr";
import decodeQR from "qr/decode.js";

const BORDER = 2;

export function decode(image: ImageData, milliseconds: number): string | null {
  try {
    return decodeQR(image, { timeLimit: milliseconds });
  } catch {
    return null; // There is no code in it, or none that can be read.
  }
}

// The rows of a code, with a border; true is dark.
export function encode(text: string): boolean[][] {
  return encodeQR(text, "raw", { border: BORDER });
}
