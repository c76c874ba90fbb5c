"""What `xianjie manage` does, as functions: upgrading, backup and restore, accounts and regions from the shell."""
