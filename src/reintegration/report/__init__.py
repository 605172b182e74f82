"""The report room: figures, tables and the page, made from results and never from surveys.

Names of what goes in and comes out are in `outputs` (light to import). The three calls are
`figures.run_figures`, `tables.run_tables` and `page.run_page`; a script imports the one it
needs from its own module, so that an edit of one part does not rerun the others.
"""
