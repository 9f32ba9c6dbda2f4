/**
 * Keeps the focus on the page: what has it may go away, such as the button of a dialog that closes, or may be
 * disabled while it works. Browsers then give the focus to nothing, and a keyboard begins anew at the top.
 */
/** More than a form has fields: the button that opened it is among them. */
const REMEMBERED = 200;
/** Libraries return the focus themselves within this time, or give it to what was just opened. */
const SETTLES_WITHIN_MS = 60;

/** Begins, and returns what ends it. */
export function keepFocus(): () => void {
  let visited: HTMLElement[] = [];
  let last: HTMLElement | null = null;
  let timer = 0;
  const note = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement)) return;
    last = target;
    visited = [...visited.filter((each) => each !== target && each.isConnected), target].slice(-REMEMBERED);
  };
  // Whoever clicks beside everything wants the focus nowhere.
  const forget = () => {
    last = null;
  };
  const look = () => {
    if (!hasNoFocus() || last === null || (last.isConnected && !wasDisabled)) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => hasNoFocus() && placeFor(visited)?.focus(), SETTLES_WITHIN_MS);
  };
  let wasDisabled = false;
  const observer = new MutationObserver(() => {
    if (last?.isConnected && last.matches(":disabled")) wasDisabled = true;
    else {
      look();
      if (!hasNoFocus()) wasDisabled = false;
    }
  });
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });
  document.addEventListener("focusin", note);
  document.addEventListener("pointerdown", forget, true);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener("focusin", note);
    document.removeEventListener("pointerdown", forget, true);
  };
}

function hasNoFocus(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** The last visited element that can take the focus: within the dialog that is open, or else on the page. */
function placeFor(visited: HTMLElement[]): HTMLElement | undefined {
  const dialog = [...document.querySelectorAll<HTMLElement>("[role=dialog]")].at(-1);
  const scope = dialog ?? document.body;
  const place = visited.findLast(
    (each) => scope.contains(each) && each.checkVisibility() && !each.matches(":disabled"),
  );
  return place ?? dialog ?? document.querySelector<HTMLElement>("#main") ?? undefined;
}
