/** The name under which a chosen theme is remembered. */
export const THEME_KEY = "quell.theme";

/** Runs before the first paint, so that a remembered theme does not flash. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${THEME_KEY}");if(t==="dark"||t==="light")document.documentElement.dataset.theme=t}catch(e){}`;

/** Turn to the other theme than the one shown now, and remember it. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme === "dark" || (root.dataset.theme === undefined && matchMedia("(prefers-color-scheme: dark)").matches);
  const next = dark ? "light" : "dark";
  root.dataset.theme = next;
  localStorage.setItem(THEME_KEY, next);
}
