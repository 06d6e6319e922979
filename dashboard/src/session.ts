/** Who looks at the page, and what they may do. */
import { useQuery } from "@tanstack/react-query";
import { answerOf } from "./api/client";
import { useBackend, useNotLive } from "./backend";

export function useSession() {
  const { api } = useBackend();
  return useQuery({
    queryKey: ["session"],
    queryFn: () => answerOf(api.GET("/api/session")),
    // Another login is another page: each button that asks for it need not ask the server again.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Why who looks at the page may change nothing; null where they may, or where that is not known: the server judges. */
export function useReadOnly(): string | null {
  const { data } = useSession();
  return data?.role === "viewer"
    ? `${data.name ?? "This login"} is a viewer: changes take an operator`
    : null;
}

/** Why nothing can be changed from here now; null where it can. */
export function useNoChange(): string | null {
  const readOnly = useReadOnly();
  return useNotLive() ?? readOnly;
}
