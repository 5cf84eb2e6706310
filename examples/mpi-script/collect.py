"""What comes after the ranks."""

from pathlib import Path


def collect(return_code: int) -> dict:
    """Add the parts up."""
    if return_code:
        raise RuntimeError(f"the ranks ended with exit code {return_code}")
    parts = [path.read_text().split() for path in sorted(Path("parts").iterdir())]
    return {"pi": round(4 * sum(float(part) for _, part in parts), 6), "nodes": sorted({node for node, _ in parts}), "ranks": len(parts)}
