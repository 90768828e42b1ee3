"""Tables as files: CSV in pieces, XLSX row by row, PDF; cells are typed, and no text is ever a formula (I14)."""
