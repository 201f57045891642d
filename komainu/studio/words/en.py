"""The interface in English: what stands in braces is filled in."""

EN = {
    # every page
    "studio": "komainu studio",
    "skip": "Skip to the content",
    "nav": "Pages",
    "language": "Language",
    "nav.runs": "Runs",
    "read_only": "read-only",
    "writing": "votes are written",
    # errors
    "error.missing": "Not there",
    "error.cannot": "This cannot be shown",
    "error.401": "A token is needed",
    "error.403": "Not allowed",
    "error.404": "There is no such page",
    "error.405": "This page takes no such request",
    "error.413": "The form is too long",
    "error.500": "A bug in komainu; the terminal that runs the studio tells more",
    "error.host": "This studio does not answer to that address; open it as localhost or by the one it was started with",
    "error.token": "Open the address with ?token= that the studio printed when it was started",
    "error.read_only": "This studio is read-only; start it with --write to vote",
    "error.origin": "This form did not come from a page of this studio",
    "error.form": "This form is of an earlier studio; load its page again",
    "error.back": "To the runs",
    # runs
    "runs.title": "Runs and artifacts",
    "runs.none": "Nothing has been built here yet.",
    "runs.store": "Store",
}
