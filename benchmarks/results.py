"""What a run has found: samples and failures, and their medians."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.numbers import median

Key = tuple[str, str, int]
"""Suite, server, point."""


@dataclass(slots=True)
class Results:
    """Samples and failures, by suite, server and point."""

    samples: dict[Key, list[dict[str, float]]] = field(default_factory=dict)
    failures: dict[Key, str] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    """Servers that failed the self-check."""

    def value(self, suite: str, server: str, key: str, point: int = 0) -> float | None:
        """The median of one figure, if there is one."""
        found = [
            sample[key] for sample in self.samples.get((suite, server, point), ()) if key in sample
        ]
        return median(found) if found else None

    def value_at(self, suite: str, server: str, key: str, point: int) -> float | None:
        """The same, as predictions ask for it."""
        return self.value(suite, server, key, point)

    def write(self, file: Path) -> None:
        """Everything, for whoever wants to look closer."""
        samples = [[*key, values] for key, values in self.samples.items()]
        failures = [[*key, why] for key, why in self.failures.items()]
        body = {"samples": samples, "failures": failures, "unfit": self.unfit}
        file.write_text(json.dumps(body, indent=1))
