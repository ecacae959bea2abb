"""The colours of statuses, the same on every backend: told apart by lightness as well as hue, for all eyes."""

from collections.abc import Mapping

# Fill (if any) and ink, as #rrggbb.
STATUS_COLORS: Mapping[str, tuple[str | None, str]] = {
    "met": ("#0f766e", "#ffffff"),
    "on track": ("#ccfbf1", "#115e59"),
    "behind": ("#fef3c7", "#92400e"),
    "at risk": ("#fdba74", "#7c2d12"),
    "missed": ("#fecdd3", "#9f1239"),
    "silent": ("#ddd6fe", "#5b21b6"),
    "off": (None, "#94a3b8"),
    "untargeted": (None, "#94a3b8"),
}
