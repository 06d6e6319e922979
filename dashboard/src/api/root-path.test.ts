import { afterEach, expect, test } from "vitest";
import { onServer, rootPath } from "./root-path";

afterEach(() => document.head.replaceChildren());

const say = (content: string) => {
  const told = document.createElement("meta");
  told.name = "root-path";
  told.content = content;
  document.head.append(told);
};

test("at the root an address is named as it is", () => {
  expect(rootPath()).toBe("");
  say("/");
  expect(onServer("/login")).toBe("/login");
});

test("below a proxy's path each address begins with it, once", () => {
  say("/quarterhour/");
  expect(rootPath()).toBe("/quarterhour");
  expect(onServer("/api/runs")).toBe("/quarterhour/api/runs");
});
