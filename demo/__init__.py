"""`make run`: the whole product on one machine, from an empty folder to verdicts on the screen."""
