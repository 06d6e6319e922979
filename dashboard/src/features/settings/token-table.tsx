/** The tokens there are; revoking one asks before. */
import { useState } from "react";
import type { TokenItem } from "../../api/types";
import { useNotLive } from "../../backend";
import { Button } from "../../ui/button";
import { titled } from "../../ui/format";
import { ProblemNote } from "../../ui/problem-note";
import { ScrollRegion } from "../../ui/scroll-region";
import { Ago, DayTime } from "../../ui/time";
import { useRevokeToken } from "./use-tokens";

const CELL = "px-3 py-2 font-normal first:pl-5 last:pr-5";

export function TokenTable({ tokens }: { tokens: readonly TokenItem[] }) {
  const [asked, setAsked] = useState<TokenItem | null>(null);
  return (
    <>
      <ScrollRegion label="Table of tokens">
        <table className="w-full text-left text-sm whitespace-nowrap">
          <caption className="sr-only">Tokens that open this server</caption>
          <thead className="text-xs text-muted">
            <tr>
              {["Name", "Role", "Made", "Last used", "Revoke"].map((name) => (
                <th key={name} scope="col" className={CELL}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tokens.map((token) => (
              <tr key={token.id} className="border-t border-line">
                <th scope="row" className={`${CELL} max-w-56 truncate text-ink`} title={token.name}>
                  {token.name} {token.is_own && <span className="text-muted">(yours)</span>}
                </th>
                <td className={CELL}>{titled(token.role)}</td>
                <td className={CELL}>
                  <DayTime at={token.created_at} />
                </td>
                <td className={CELL}>
                  {token.last_used_at ? (
                    <Ago at={token.last_used_at} />
                  ) : (
                    <span className="text-muted" title="Before it, it is not known">
                      not since the server’s start
                    </span>
                  )}
                </td>
                <td className={CELL}>
                  <Button onPress={() => setAsked(token)}>
                    Revoke… <span className="sr-only">{token.name}</span>
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {asked && (
        <RevokeQuestion
          key={asked.id}
          token={asked}
          isLastOperator={isLastOperator(asked, tokens)}
          onEnd={() => setAsked(null)}
        />
      )}
    </>
  );
}

const isLastOperator = (token: TokenItem, tokens: readonly TokenItem[]): boolean =>
  token.role === "operator" && tokens.filter(({ role }) => role === "operator").length === 1;

interface QuestionProps {
  token: TokenItem;
  isLastOperator: boolean;
  onEnd: () => void;
}

function RevokeQuestion({ token, isLastOperator, onEnd }: QuestionProps) {
  const revoke = useRevokeToken();
  const notLive = useNotLive();
  return (
    <section
      aria-label={`Revoke ${token.name}`}
      className="mx-5 my-3 flex flex-col gap-2 rounded-lg bg-sunken p-3 text-sm"
    >
      <p role="status">
        The token of <strong>{token.name}</strong> will open nothing any more; logins made by it end.
        {token.is_own && " It is yours: you will be logged out."}
        {isLastOperator &&
          " No other operator is left: the next token is made by quarterhour token create on the server’s machine."}
      </p>
      {revoke.error && <ProblemNote error={revoke.error} />}
      <div className="flex flex-wrap gap-2">
        <Button
          look="primary"
          onPress={() => revoke.mutate(token.id, { onSuccess: onEnd })}
          unavailable={revoke.isPending ? "It is being revoked" : notLive}
        >
          Revoke {token.name}
        </Button>
        <Button onPress={onEnd}>Leave it</Button>
      </div>
    </section>
  );
}
