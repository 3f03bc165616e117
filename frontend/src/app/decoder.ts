// Reads QR codes where the browser cannot do it itself. Fetched only when it is needed.
import decodeQR from "qr/decode.js";

export function decode(image: ImageData, milliseconds: number): string | null {
  try {
    return decodeQR(image, { timeLimit: milliseconds });
  } catch {
    return null; // There is no code in it, or none that can be read.
  }
}
