"""The audit trail: every change, and every look at unmasked data, is one appended event in a chain of hashes."""
