"""From a finished verification to what is published: texts, report, signed report, terminal."""
