/** Calls to the server, typed by its OpenAPI description; every failure becomes a `Problem` that people can read. */
import createClient, { type Client } from "openapi-fetch";
import { onServer } from "./root-path";
import type { paths } from "./schema";
import type { Sent } from "./types";

export type Api = Client<paths>;

/** `send` stands for the browser's own fetch, where nothing is to be called. */
export const createApi = (address: string, send?: (request: Request) => Promise<Response>): Api =>
  createClient<paths>({ baseUrl: address, ...(send && { fetch: send }) });

/** What went wrong, in the server's own words where it gave any (RFC 9457). */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly title: string;
  readonly status: number | null;
  /** The one field that is wrong, where the server names one. */
  readonly field: string | null;

  constructor(title: string, detail: string, status: number | null, field: string | null = null) {
    super(detail);
    this.title = title;
    this.status = status;
    this.field = field;
  }
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of a call, or the `Problem` thrown. */
export async function answerOf<T>(call: Promise<Answer<T>>): Promise<Sent<T>> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Problem(
      "No answer",
      `The server could not be reached (${cause}). Is quarterhour running?`,
      null,
    );
  }
  if (answer.data !== undefined) return answer.data as Sent<T>;
  if (answer.response.status === 401) toLogin();
  throw problemOf(answer.error, answer.response);
}

/** A server that asks for tokens has a page of its own for them, which leads back here. */
export function toLogin(): void {
  const { pathname, search } = window.location;
  window.location.assign(`${onServer("/login")}?next=${encodeURIComponent(pathname + search)}`);
}

function problemOf(body: unknown, response: Response): Problem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const title = typeof fields.title === "string" ? fields.title : `HTTP ${response.status}`;
  const detail =
    typeof fields.detail === "string"
      ? fields.detail
      : `${response.url} answered ${response.status} ${response.statusText}`.trim();
  const field = typeof fields.field === "string" ? fields.field : null;
  return new Problem(title, detail, response.status, field);
}
