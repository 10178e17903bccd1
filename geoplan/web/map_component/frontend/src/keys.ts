/** Which key does what; whoever writes in a field has all keys there. */

import type { DrawingTool } from "./protocol";
import type { Mode } from "./tools";

export type Act = "back" | "redo" | "lay_down" | "finish" | "middle";

/** What is going on while a key is pressed. */
export interface Situation {
  mode: Mode;
  draws: DrawingTool["draws"] | undefined;
  /** Whether something was taken up by keyboard, to be put down elsewhere. */
  carries: boolean;
  /** Where the focus is: on the map itself, on something in it, or beside it. */
  on: "map" | "feature" | "beside";
}

type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

export function actOf({ key, ctrlKey, metaKey, altKey, shiftKey }: Key, { mode, draws, carries, on }: Situation): Act | undefined {
  if (altKey) return undefined;
  if (ctrlKey || metaKey) {
    const letter = key.toLowerCase();
    if (letter === "z") return shiftKey ? "redo" : "back";
    return letter === "y" ? "redo" : undefined;
  }
  if (key === "Escape" && mode !== "look") return "lay_down";
  if (key === "Enter" && on !== "beside" && draws && draws !== "point") return "finish";
  const asks = mode === "look" && on === "map";
  return key === " " && ((draws && on !== "beside") || carries || asks) ? "middle" : undefined;
}

/** Whether keys write where they are pressed. */
export function writesIn(target: HTMLElement): boolean {
  return target.isContentEditable || target.matches("textarea, select, input:not([type='checkbox'], [type='radio'])");
}
