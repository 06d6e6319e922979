/** Who looks at the page, and what they may do. */
import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../api/client";
import { useBackend } from "../../backend";

export function useSession() {
  const { api } = useBackend();
  return useQuery({ queryKey: ["session"], queryFn: () => answerOf(api.GET("/api/session")) });
}

/** Why this viewer may change nothing; null where they may. Until that is known, nothing can be changed. */
export function useReadOnly(): string | null {
  const { data, error } = useSession();
  if (data?.role === "operator") return null;
  if (error) return "What you may do here is not known: the server did not say";
  return data
    ? `${data.name ?? "This login"} is a viewer: changes take an operator`
    : "Asking what you may do here";
}
