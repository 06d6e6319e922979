/** Which script a page names: another one is another build. */
import { expect, it } from "vitest";
import { scriptIn } from "./use-new-build";

it("finds the page's own script, however its tag is written and wherever it is served", () => {
  const built =
    '<head><script src="/appearance.js"></script><script type="module" crossorigin src="./assets/index-A1.js"></script>';
  expect(scriptIn(built)).toBe("index-A1.js");
  expect(scriptIn(built.replace("./", "/below/a/proxy/"))).toBe("index-A1.js");
  expect(scriptIn('<script src="/src/start.ts" type="module"></script>')).toBe("start.ts");
  expect(scriptIn("<p>The dashboard is not built</p>")).toBeNull();
});
