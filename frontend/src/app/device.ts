// What kind of device this is, as far as the browser says: to name it, and to tell how an app is installed on it.
import { t } from "./texts";

interface AgentData {
  getHighEntropyValues(hints: string[]): Promise<{ model?: string }>;
}

const agent = navigator.userAgent;

// An iPad calls itself a Mac, but has a screen to touch.
export const isIos = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);

export function isInstalled(): boolean {
  return (
    matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true
  );
}

export async function deviceName(): Promise<string> {
  const data = (navigator as { userAgentData?: AgentData }).userAgentData;
  const model = (await data?.getHighEntropyValues(["model"]).catch(() => ({ model: "" })))?.model;
  if (model) return model;
  for (const name of ["iPhone", "iPad"]) if (agent.includes(name)) return name;
  if (isIos) return "iPad";
  if (agent.includes("Android")) return t("device.android");
  for (const [mark, name] of [
    ["Windows", "Windows"],
    ["Macintosh", "Mac"],
    ["Linux", "Linux"],
  ] as const) {
    if (agent.includes(mark)) return name;
  }
  return t("device.computer");
}
