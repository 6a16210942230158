"""The workbook: what was found, as tables that an analyst filters, sorts and pivots in Excel.

``sheets`` writes rows safely, ``native_charts`` draws Excel's own charts, ``shared`` holds what
several sheets need; ``overview``, ``profiles``, ``evidence`` and ``lists`` write sheets, ``make``
the whole. Marts are read, and words kept, by `segmentation.report`.
"""
