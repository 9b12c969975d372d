"""The sections of the policy, each sentence on the condition that the policy keeps it."""
