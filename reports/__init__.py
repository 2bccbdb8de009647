"""Reports: figures, charts, fonts and the PDF. Nothing here computes a KPI."""
