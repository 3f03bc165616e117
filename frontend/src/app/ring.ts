// A ring that empties: how much of a time is left. Decoration; the seconds stand beside it as text.
import { svg } from "./dom";

const ROUND = 100;

export class Ring {
  private readonly arc = svg("circle", { class: "left", cx: 12, cy: 12, r: 9.5, pathLength: ROUND });
  readonly whole = svg(
    "svg",
    { class: "ring", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("circle", { class: "ground", cx: 12, cy: 12, r: 9.5 }),
    this.arc,
  );

  show(share: number): void {
    const left = Math.min(1, Math.max(0, share)) * ROUND;
    this.arc.setAttribute("stroke-dasharray", `${left.toFixed(1)} ${ROUND}`);
    this.whole.classList.toggle("short", share < 0.2);
  }
}
