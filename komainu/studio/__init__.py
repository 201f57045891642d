"""Studio: the store as pages in a browser, served from this machine: runs, artifacts, curves, boards, rows, votes.

A page kind is one file with `routes(studio)`; `app.py` puts them together. What a page shows is read from the store
when it is asked for; nothing is kept but what `listing.py` says.
"""
