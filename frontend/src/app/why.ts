// Why something did not work, in words for people.
import { Refusal } from "./protocol";
import { cut } from "./shown";
import { t } from "./texts";
import { NotUnlocked } from "./unlock";

const LONGEST = 300;

export function whyNot(problem: unknown): string {
  if (problem instanceof NotUnlocked) return problem.words;
  if (!(problem instanceof Refusal)) return t("failed_server");
  if (problem.code === "not_activated") return t("not_activated");
  if (problem.retrySeconds > 0) return t("problem.too_many", { count: problem.retrySeconds });
  return cut(problem.words, LONGEST) || t("failed");
}
