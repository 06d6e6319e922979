/** A file's name, as the way to its page; one that waits has none yet. */
import { Link } from "@tanstack/react-router";

interface Props {
  id: string | null;
  name: string;
  className?: string;
}

export const InputLink = ({ id, name, className = "" }: Props) =>
  id === null ? (
    <span className={className} title={name}>
      {name}
    </span>
  ) : (
    <Link to="/data/inputs/$id" params={{ id }} title={name} className={`text-accent underline ${className}`}>
      {name}
    </Link>
  );
