"""Looking names up as people type them: case and blanks do not matter, a near miss gets a hint, never a guess."""

from collections.abc import Iterable, Iterator

from sheetsync.cells import Cell, Misread, fold, is_error, text_of

_SLIP, _SIMILAR, _LONG_ENOUGH = 0.6, 72, 4


class Names:
    """The known names of one kind ("person", "activity"), each with the way it is written."""

    def __init__(self, kind: str, names: Iterable[str]) -> None:
        self.kind = kind
        self._written = {fold(name): name for name in names}

    def __iter__(self) -> Iterator[str]:
        return iter(self._written.values())

    def __len__(self) -> int:
        return len(self._written)

    def find(self, cell: Cell) -> str | Misread:
        """The name as it is written, or why it is none and which one is meant."""
        text = text_of(cell)
        found = self._written.get(fold(text))
        if found is not None:
            return found
        if is_error(cell):
            return Misread(f"the cell shows the error {text}", f"mend its formula or type the {self.kind}")
        nearest = self.nearest(text)
        hint = f"did you mean “{nearest}”?" if nearest else f"add it, or choose a known {self.kind}"
        return Misread(f"unknown {self.kind} “{text}”", hint)

    def nearest(self, text: str) -> str | None:
        """The most similar name, if one is similar enough to be meant."""
        return next(iter(self.similar(text, 1)), None)

    def similar(self, text: str, most: int = 3) -> list[str]:
        """The names that may be meant, the most similar first."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        typed, known = fold(text), list(self._written)
        # Slips of the finger first, swapped letters among them; then parts of longer names ("call" for "Cold call").
        found = process.extract(typed, known, scorer=OSA.normalized_similarity, score_cutoff=_SLIP, limit=most)
        if len(found) < most and len(typed) >= _LONG_ENOUGH:
            found = [*found, *process.extract(typed, known, score_cutoff=_SIMILAR, limit=most)]
        return [self._written[name] for name in dict.fromkeys(name for name, *_ in found)][:most]
