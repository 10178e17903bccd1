/** The bar above the map: what can be drawn, changed, measured and taken back. */

import { button, element, type Icon } from "./elements";
import type { DrawingTool } from "./protocol";
import type { Mode } from "./tools";

export interface ToolbarListener {
  use(mode: Mode, byKey: boolean): void;
  undo(): void;
  redo(): void;
}

const CHANGING: [Mode, Icon][] = [
  ["move", "move"],
  ["edit", "edit"],
  ["delete", "delete"],
];

export class Toolbar {
  readonly element = element("div", { class: "gpm-toolbar", role: "toolbar" });
  private readonly buttons = new Map<Mode, HTMLButtonElement>();

  constructor(private readonly listener: ToolbarListener) {}

  /** Build the bar anew: other tools or another language. */
  show(tools: DrawingTool[], editable: boolean, texts: Record<string, string>): void {
    const word = (key: string) => texts[key] ?? key;
    this.buttons.clear();
    this.element.setAttribute("aria-label", word("toolbar"));
    const drawing = tools.map((tool) => this.mode(tool.id, tool.picture || tool.draws, tool.label));
    const changing = editable ? CHANGING.map(([mode, picture]) => this.mode(mode, picture, word(mode))) : [];
    const back = [
      button("undo", word("undo"), () => this.listener.undo(), { keys: "Ctrl+Z" }),
      button("redo", word("redo"), () => this.listener.redo(), { keys: "Ctrl+Y" }),
    ];
    const groups = [drawing, changing, [this.mode("measure", "measure", word("measure"))], editable ? back : []];
    this.element.replaceChildren(
      ...groups.filter((group) => group.length).map((group) => element("div", { class: "gpm-group", role: "group" }, ...group)),
    );
  }

  /** Show which tool is in use. */
  press(mode: Mode): void {
    for (const [name, made] of this.buttons) made.setAttribute("aria-pressed", String(name === mode));
  }

  private mode(mode: Mode, picture: Icon, label: string): HTMLButtonElement {
    const made = button(picture, label, ({ detail }) => this.listener.use(mode, detail === 0), { text: true });
    made.dataset["tool"] = mode;
    made.setAttribute("aria-pressed", "false");
    this.buttons.set(mode, made);
    return made;
  }
}
