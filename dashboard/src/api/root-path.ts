/** Where the server stands: below a path of its own where a proxy serves it there. Said by the page that it handed out. */

/** Begins with a slash; empty at the root, and never ends with a slash. */
export function rootPath(): string {
  const told = document.querySelector<HTMLMetaElement>('meta[name="root-path"]')?.content ?? "/";
  return told.replace(/\/+$/, "");
}

/** An address of the server, such as `/login`, as this page must name it. */
export const onServer = (path: `/${string}`): string => rootPath() + path;
