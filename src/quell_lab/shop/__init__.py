"""The code of the shop's services; a release is a copy of one of these files."""
