"""The `/act/` interface: what a person does on the chat page, as JSON over HTTP."""
