// The server's time, as far as it is known. A device whose clock is wrong shows the right passcodes while it is online.

const TOLERATED_SECONDS = 30;

let ahead = 0;

export function learnTime(serverNow: number): void {
  if (serverNow > 0) ahead = serverNow - Date.now();
}

export function serverTime(): number {
  return Date.now() + ahead;
}

// By how many seconds the clock of the device is wrong, if that is enough to matter.
export function wrongBySeconds(): number {
  const seconds = Math.round(Math.abs(ahead) / 1000);
  return seconds > TOLERATED_SECONDS ? seconds : 0;
}
