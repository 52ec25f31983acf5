"""Metrics texts of a service that counts what happened to it."""

from __future__ import annotations

BOUNDS = (0.005, 0.05, 0.5, 5.0)


class Service:
    """Counts requests and writes them as Prometheus text."""

    def __init__(self, name: str, *, peer: str = "", version: str = "1.4.0") -> None:
        self.name, self.peer, self.version = name, peer, version
        self.codes: dict[str, int] = {"200": 0}
        self.took: list[float] = []
        self.calls: dict[str, int] = {"200": 0}
        self.started = 1.7e9
        self.pool_in_use, self.memory_bytes = 2, 30_000_000

    def serve(self, count: int, *, code: str = "200", took_s: float = 0.02) -> None:
        self.codes[code] = self.codes.get(code, 0) + count
        self.took += [took_s] * count

    def call(self, count: int, *, code: str = "200") -> None:
        self.calls[code] = self.calls.get(code, 0) + count

    def restart(self, *, version: str | None = None) -> None:
        self.codes, self.took, self.calls = {"200": 0}, [], {"200": 0}
        self.version = version or self.version
        self.started += 10

    def text(self) -> str:
        name = f'service="{self.name}"'
        lines = ["# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{{name},code="{code}"}} {n}' for code, n in self.codes.items()]
        lines.append("# TYPE http_request_duration_seconds histogram")
        for bound in (*BOUNDS, float("inf")):
            le = "+Inf" if bound == float("inf") else str(bound)
            below = sum(took <= bound for took in self.took)
            lines.append(f'http_request_duration_seconds_bucket{{{name},le="{le}"}} {below}')
        lines.append(f"http_request_duration_seconds_sum{{{name}}} {sum(self.took)}")
        lines.append(f"http_request_duration_seconds_count{{{name}}} {len(self.took)}")
        if self.peer:
            lines.append("# TYPE http_client_requests_total counter")
            for code, n in self.calls.items():
                lines.append(f'http_client_requests_total{{{name},peer="{self.peer}",code="{code}"}} {n}')
        lines += [
            "# TYPE db_pool_in_use gauge",
            f"db_pool_in_use{{{name}}} {self.pool_in_use}",
            f"db_pool_size{{{name}}} 8",
            "# TYPE process_resident_memory_bytes gauge",
            f"process_resident_memory_bytes {self.memory_bytes}",
            f"process_start_time_seconds {self.started}",
            f'build_info{{{name},version="{self.version}"}} 1',
            "# TYPE orders_total counter",
            f"orders_total{{{name}}} {2 * len(self.took)}",
            "# TYPE cache_entries gauge",
            f"cache_entries{{{name}}} 12",
        ]
        return "\n".join(lines) + "\n"
