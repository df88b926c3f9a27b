"""The log that the tests write."""

MINUTE = 60_000

ORIGIN = "kafija.example/consent"
