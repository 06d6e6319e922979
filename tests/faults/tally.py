"""How often each fault was tried and survived, for the table at the end."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    tried: dict[str, int] = field(default_factory=dict[str, int])
    survived: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, fault: str, times: int, survived: int | None = None) -> None:
        self.tried[fault] = self.tried.get(fault, 0) + times
        self.survived[fault] = self.survived.get(fault, 0) + (times if survived is None else survived)

    def lines(self) -> list[str]:
        head = f"{'fault':<45}{'tried':>8}{'survived':>10}"
        return [head, *(f"{name:<45}{tried:>8,}{self.survived[name]:>10,}" for name, tried in self.tried.items())]
