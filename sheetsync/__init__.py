"""sheetsync: goals as activities, reviewed on a rhythm, in a workbook people already know."""

__version__ = "0.1.0"
