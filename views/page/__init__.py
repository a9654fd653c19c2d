"""A report as one page of HTML that needs no network: templates, a style, a small script, and what fills them."""
