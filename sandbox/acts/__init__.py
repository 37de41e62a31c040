"""The driving interface: what a person at a screen does, as JSON over HTTP under `/act/`."""
