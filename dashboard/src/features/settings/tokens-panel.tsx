/** Who may call the server: its tokens, made and revoked by operators. */
import type { ReactNode } from "react";
import { onServer } from "../../api/root-path";
import type { Session } from "../../api/types";
import { useSession } from "../../session";
import { Button } from "../../ui/button";
import { Panel } from "../../ui/panel";
import { PanelProblem } from "../../ui/problem-note";
import { TokenForm } from "./token-form";
import { TokenTable } from "./token-table";
import { useTokens } from "./use-tokens";

export function TokensPanel() {
  const { data: session, error, isPending } = useSession();
  return (
    <Panel title="Access tokens" testId="tokens" aside={session?.is_login && <LoggedIn session={session} />}>
      <PanelProblem error={error} />
      {isPending && <Note>Asking…</Note>}
      {session && !session.asks_for_tokens && (
        <Note>
          This server asks for no token: whoever can reach its address reads and commands. Unless it was told
          otherwise, that is this machine alone. Tokens for other addresses are made by{" "}
          <code className="font-mono text-ink">quarterhour token create NAME</code>.
        </Note>
      )}
      {session?.asks_for_tokens && session.role !== "operator" && (
        <Note>
          You are logged in as {session.name}, a viewer. Tokens are an operator’s to see, make and revoke.
        </Note>
      )}
      {session?.asks_for_tokens && session.role === "operator" && <Tokens />}
    </Panel>
  );
}

const LoggedIn = ({ session: { name, role } }: { session: Session }) => (
  <form
    method="post"
    action={onServer("/logout")}
    className="ml-auto flex flex-wrap items-center gap-3 text-sm"
  >
    <span className="text-muted">
      Logged in as {name}, {role}
    </span>
    <Button>Log out</Button>
  </form>
);

const Note = ({ children }: { children: ReactNode }) => (
  <p className="max-w-prose px-5 py-6 text-sm text-muted">{children}</p>
);

function Tokens() {
  const { data, error, isPending } = useTokens();
  return (
    <>
      <PanelProblem error={error} />
      {isPending && <Note>Asking…</Note>}
      {data && <TokenTable tokens={data.items} />}
      <TokenForm />
    </>
  );
}
