/** The name under which a chosen theme is remembered. */
export const THEME_KEY = "quell.theme";

/** Runs before the first paint, so that a remembered theme does not flash. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${THEME_KEY}");if(t==="dark"||t==="light")document.documentElement.dataset.theme=t}catch(e){}`;
