"""The 58 statements of the Pumble app platform reference, section 8: each is one numbered test."""
