"""Tables of text and cells: delimiters, decimal marks, rows and numbers, whatever they hold."""
