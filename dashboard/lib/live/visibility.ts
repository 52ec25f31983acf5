/** Since when a page has been on screen without a break. */

/** What is needed of `document`. */
export interface Page {
  readonly hidden: boolean;
  addEventListener: (type: "visibilitychange", listener: () => void) => void;
}

/**
 * Watch whether the page is hidden.
 *
 * @returns asks since when the page has been visible, in the clock's milliseconds: Infinity while it is hidden, -Infinity when
 *   it was visible from the start.
 */
export function watchVisibility(page: Page, now: () => number): () => number {
  let since = page.hidden ? Infinity : -Infinity;
  page.addEventListener("visibilitychange", () => {
    since = page.hidden ? Infinity : now();
  });
  return () => (page.hidden ? Infinity : since);
}
