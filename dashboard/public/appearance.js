/**
 * Applies what the viewer chose of the page's look (src/ui/appearance.ts) before its first paint, and whenever it changes.
 * A file of its own, as the page's policy allows no inline script, and what is built with the page comes after the first paint.
 */
(() => {
  const KEY = "quarterhour.appearance";
  const PAPER = { light: "#f1f4f0", dark: "#0d1412" };
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = {};

  const read = () => {
    try {
      chosen = JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
    } catch {
      // Storage is forbidden, or holds something else: the page looks as the system does.
      chosen = {};
    }
  };

  const apply = () => {
    const isChosen = chosen.theme === "light" || chosen.theme === "dark";
    const theme = isChosen ? chosen.theme : prefersDark.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.density = chosen.density === "compact" ? "compact" : "comfortable";
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", PAPER[theme]);
    document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", theme);
  };

  read();
  apply();
  prefersDark.addEventListener("change", apply);
  window.addEventListener("storage", () => {
    read();
    apply();
  });
  window.addEventListener(KEY, (event) => {
    chosen = event.detail;
    apply();
  });
})();
