"""The workbook as a local `.xlsx` file: made once with XlsxWriter, read with calamine, changed tab by tab.

Only the parts of the file that belong to the tabs in question change; the file is replaced in one step.
"""

from sheetsync.workbook.xlsx.book import XlsxWorkbook, first_tab, open_workbook
from sheetsync.workbook.xlsx.create import create

__all__ = ["XlsxWorkbook", "create", "first_tab", "open_workbook"]
