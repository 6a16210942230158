"""The report: one HTML file that says what was found, made from the marts alone.

``marts`` reads, ``formats`` writes numbers and text in two languages, ``words`` holds fixed texts,
``findings`` says what the numbers mean, ``charts`` draws, ``sections`` puts a part of the page
together, ``page`` the whole.
"""
